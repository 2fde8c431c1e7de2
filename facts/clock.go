package facts

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// dateTime tells the host's time and zone.
func dateTime(h *host) {
	now := h.sys.Now()
	utc := now.UTC()
	micro := fmt.Sprintf("%06d", now.Nanosecond()/1000)
	epoch := strconv.FormatInt(now.Unix(), 10)
	zone, _ := now.Zone()
	found := values.NewMap(20)
	for _, pair := range [][2]string{
		{"year", now.Format("2006")}, {"month", now.Format("01")}, {"weekday", now.Format("Monday")},
		{"weekday_number", strconv.Itoa(int(now.Weekday()))}, {"weeknumber", weekNumber(now)},
		{"day", now.Format("02")}, {"hour", now.Format("15")}, {"minute", now.Format("04")}, {"second", now.Format("05")},
		{"epoch", epoch}, {"epoch_int", epoch},
		{"date", now.Format("2006-01-02")}, {"time", now.Format("15:04:05")},
		{"iso8601_micro", utc.Format("2006-01-02T15:04:05.") + micro + "Z"},
		{"iso8601", utc.Format("2006-01-02T15:04:05Z")},
		{"iso8601_basic", now.Format("20060102T150405") + micro},
		{"iso8601_basic_short", now.Format("20060102T150405")},
		{"tz", zone}, {"tz_dst", summerZone(now)}, {"tz_offset", now.Format("-0700")},
	} {
		found.Set(pair[0], values.String(pair[1]))
	}
	h.set("date_time", values.FromMap(found))
}

// weekNumber counts weeks that begin on Monday, from 00 for the days before the first.
func weekNumber(t time.Time) string {
	sinceMonday := (int(t.Weekday()) + 6) % 7
	return fmt.Sprintf("%02d", (t.YearDay()-1+7-sinceMonday)/7)
}

// summerZone is the name of the zone in summer time, or all the year where it has none.
func summerZone(now time.Time) string {
	for month := time.January; month <= time.December; month++ {
		day := time.Date(now.Year(), month, 15, 12, 0, 0, 0, now.Location())
		if day.IsDST() {
			zone, _ := day.Zone()
			return zone
		}
	}
	zone, _ := now.Zone()
	return zone
}
