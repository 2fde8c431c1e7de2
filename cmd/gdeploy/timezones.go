package main

// Freeze windows name time zones, and a controller may lack the system's. The helper on
// hosts must not link this: it is 450 kB.
import _ "time/tzdata"
