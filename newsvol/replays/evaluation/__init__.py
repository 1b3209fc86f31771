"""What a run or a forecast is worth: computes, and draws nothing."""
