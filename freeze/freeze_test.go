package freeze_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/freeze"
)

func TestUntil(t *testing.T) {
	for _, c := range []struct{ window, now, until string }{
		{"Fri 16:00 - Mon 08:00 Europe/Berlin", "2026-11-27 15:59", ""},
		{"Fri 16:00 - Mon 08:00 Europe/Berlin", "2026-11-27 16:00", "2026-11-30 08:00"},
		{"Fri 16:00 - Mon 08:00 Europe/Berlin", "2026-11-29 12:00", "2026-11-30 08:00"},
		{"Fri 16:00 - Mon 08:00 Europe/Berlin", "2026-11-30 08:00", ""},
		{"Fri 16:00 - Mon 08:00", "2026-11-28 12:00", "2026-11-30 08:00"},
		{"Fri 15:00 - Mon 07:00 UTC", "2026-11-27 16:00", "2026-11-30 08:00"},
		{"friday - SUNDAY", "2026-11-29 23:59", "2026-11-30 00:00"},
		{"Mon 08:00 - Mon 08:00", "2026-11-25 12:00", "2026-11-30 08:00"},
		{"Mon 08:00 - Mon 18:00", "2026-11-30 12:00", "2026-11-30 18:00"},
		{"Mon 08:00 - Mon 18:00", "2026-11-30 19:00", ""},
		{"Wed - Wed", "2026-11-25 00:00", "2026-11-26 00:00"},
		{"22:00 - 06:00", "2026-11-25 23:00", "2026-11-26 06:00"},
		{"22:00 - 06:00", "2026-11-25 05:59", "2026-11-25 06:00"},
		{"22:00 - 06:00", "2026-11-25 06:00", ""},
		{"09:00 - 24:00", "2026-11-25 23:59", "2026-11-26 00:00"},
		{"2026-12-24 - 2027-01-02", "2026-12-23 23:59", ""},
		{"2026-12-24 - 2027-01-02", "2027-01-02 23:59", "2027-01-03 00:00"},
		{"2026-12-24 12:00 - 2027-01-02 08:00 Europe/Berlin", "2026-12-24 11:59", ""},
		{"2026-12-24 12:00 - 2027-01-02 08:00 Europe/Berlin", "2027-01-01 00:00", "2027-01-02 08:00"},
		// The nights on which the clocks are changed, by the clock on the wall.
		{"Sat 12:00 - Mon 08:00", "2026-10-25 12:00", "2026-10-26 08:00"},
		{"Sat 12:00 - Mon 08:00", "2026-03-29 12:00", "2026-03-30 08:00"},
		// A day that begins at one o'clock.
		{"Sun 02:00 - Sun 23:00 America/Sao_Paulo", "2018-11-04 12:00", "2018-11-05 02:00"},
		{"Sat 02:00 - Sat 23:00 America/Sao_Paulo", "2018-11-04 12:00", ""},
		{"23:00 - 10:00 America/Sao_Paulo", "2018-11-04 12:00", "2018-11-04 13:00"},
	} {
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		w, err := freeze.Parse(c.window, berlin)
		if err != nil {
			t.Errorf("%s: %v", c.window, err)
			continue
		}
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now, berlin)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if end, in := w.Until(now.UTC()); in {
			got = end.In(berlin).Format("2006-01-02 15:04")
		}
		if got != c.until {
			t.Errorf("%s at %s: until %q, want %q", c.window, c.now, got, c.until)
		}
	}
}

func TestMistakes(t *testing.T) {
	for window, want := range map[string]string{
		"always":                            "is no freeze window",
		"Fri 16:00-Mon 08:00":               "is no freeze window",
		"Fri 16:00 - Mon 08:00 Europe/Brln": `no time zone "Europe/Brln"`,
		"Fri 16:00 - 08:00":                 "different things",
		"Fry 16:00 - Mon 08:00":             `"Fry" is no day of the week`,
		"Fri 25:00 - Mon 08:00":             `"25:00" is no time of the day`,
		"2026-12-24 - 2026-12-23":           "ends before it begins",
		"08:00 - 08:00":                     "lasts no time",
		"08:00 09:00 - 10:00":               "write it as",
		"":                                  "is no freeze window",
	} {
		if _, err := freeze.Parse(window, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", window, err, want)
		}
	}
}
