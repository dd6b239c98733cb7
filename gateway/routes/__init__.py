"""HTTP in and out: shapes are checked here, decisions are made elsewhere."""
