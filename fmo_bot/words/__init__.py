"""What several rooms say alike: amounts and days in a language's own signs, and what a chart says."""
