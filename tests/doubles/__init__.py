"""Stand-ins for what lies outside the machine: servers on loopback that can be told to fail, and that count."""
