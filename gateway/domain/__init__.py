"""What SPD production means: names, numbers, states, seeds, forecasts and checks; pure, without I/O."""
