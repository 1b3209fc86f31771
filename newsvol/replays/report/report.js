"use strict";
(async () => {
  const unpack = async (id) => {
    const packed = atob(document.getElementById(id).textContent);
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };

  // Zooming in time leaves the other axis alone; this fits it to what is in view.
  const fitHeight = (place) => {
    const { xaxis } = place._fullLayout;
    const ordinal = xaxis.type === "category";
    const [from, to] = xaxis.range.map((end) => xaxis.r2c(end));
    const ends = {};
    for (const trace of place._fullData) {
      if (trace.visible !== true || trace.mode !== "lines") continue;
      const name = "yaxis" + trace.yaxis.slice(1);
      const end = (ends[name] ??= [Infinity, -Infinity]);
      for (let i = 0; i < trace.x.length; i++) {
        const value = trace.y[i];
        const at = ordinal ? i : trace.x[i];
        if (value === null || at < from || at > to) continue;
        end[0] = Math.min(end[0], value);
        end[1] = Math.max(end[1], value);
      }
    }
    const change = {};
    for (const [name, [low, high]] of Object.entries(ends)) {
      if (low > high) continue;
      const room = 0.06 * (high - low || 1);
      const floor = place._fullLayout[name].rangemode === "tozero" ? 0 : low - room;
      change[name + ".range"] = [floor, high + room];
    }
    return change;
  };

  const draw = async (place, figure) => {
    const options = { displayModeBar: false, responsive: true, doubleClick: "reset" };
    await Plotly.react(place, figure.data, figure.layout, options);
    if (!["date", "category"].includes(figure.layout.xaxis.type)) return;
    place.removeAllListeners("plotly_relayout");
    place.on("plotly_relayout", (event) => {
      const moved = Object.keys(event).some((key) => key.startsWith("xaxis."));
      if (moved) Plotly.relayout(place, fitHeight(place));
    });
  };

  try {
    const [figures, library] = await Promise.all([unpack("packed-figures"), unpack("packed-plotly")]);
    const script = document.createElement("script");
    script.textContent = library;
    document.head.append(script);
    const all = JSON.parse(figures);
    for (const group of document.querySelectorAll(".switch")) {
      const buttons = [...group.querySelectorAll("button")];
      for (const button of buttons) {
        button.addEventListener("click", () => {
          for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
          draw(document.getElementById(group.dataset.for), all[button.dataset.view]);
        });
      }
    }
    for (const place of document.querySelectorAll(".figure")) {
      await draw(place, all[place.id]);
      await new Promise((next) => setTimeout(next));  // lets the page paint in between
    }
    document.documentElement.dataset.drawnMs = Math.round(performance.now());
  } catch (error) {
    const trouble = document.getElementById("trouble");
    trouble.textContent = `The charts could not be drawn (${error.message}); the tables below are complete.`;
    trouble.hidden = false;
    throw error;
  }
})();
