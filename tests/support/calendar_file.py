"""A calendar file as the Fed might send it: a folded line, a quoted zone, an alarm that is no event."""

TWO_EVENTS = """
        BEGIN:VCALENDAR
        VERSION:2.0
        BEGIN:VEVENT
        SUMMARY:FO
         MC
        DTSTART;TZID="America/New_York":20240320T140000
        BEGIN:VALARM
        SUMMARY:alarm
        DTSTART:20200101T000000Z
        END:VALARM
        END:VEVENT
        BEGIN:VEVENT
        DTSTART:20240312T123000Z
        SUMMARY:CPI\\, core
        END:VEVENT
        END:VCALENDAR
        """
