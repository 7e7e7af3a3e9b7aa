"""What Retrocam serves, in other software: players, Firefox and WebKitGTK."""
