// Package freeze reads the times at which an inventory forbids to deploy, such as
// "Fri 16:00 - Mon 08:00 Europe/Berlin", and tells whether a moment is in one of them.
package freeze

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Window is a time that a person wrote: of each week, of each day, or between two dates.
type Window struct {
	from, to point
	kind     kind
	zone     *time.Location
}

// kind is what the two ends of a window are written as.
type kind int

const (
	daily  kind = iota // 22:00 - 06:00
	weekly             // Fri 16:00 - Mon 08:00
	dated              // 2026-12-24 - 2027-01-02
)

// point is an end of a window, by the clock on the wall of its zone.
type point struct {
	date    time.Time // only its year, month and day count
	weekday time.Weekday
	minute  int // of the day; -1 where no time is written
}

// errShape says how windows are written.
var errShape = errors.New(`write it as "Fri 16:00 - Mon 08:00 Europe/Berlin", "22:00 - 06:00" or "2026-12-24 - 2027-01-02", with a time zone or without`)

// Parse reads a window. local is the zone where it names none.
func Parse(text string, local *time.Location) (Window, error) {
	from, to, ok := strings.Cut(text, " - ")
	if !ok {
		return Window{}, fmt.Errorf("%q is no freeze window: %w", text, errShape)
	}
	w := Window{zone: local}
	words := strings.Fields(to)
	if len(words) > 1 && !startsWithDigit(words[len(words)-1]) {
		zone, err := time.LoadLocation(words[len(words)-1])
		if err != nil {
			return w, fmt.Errorf("%q: there is no time zone %q: write it as Europe/Berlin or UTC", text, words[len(words)-1])
		}
		w.zone, words = zone, words[:len(words)-1]
	}
	var err error
	var toKind kind
	if w.from, w.kind, err = readPoint(strings.Fields(from)); err == nil {
		w.to, toKind, err = readPoint(words)
	}
	if err != nil {
		return w, fmt.Errorf("%q: %w", text, err)
	}
	if w.kind != toKind {
		return w, fmt.Errorf("%q begins and ends with different things: %w", text, errShape)
	}
	return w, w.check(text)
}

// check refuses windows that last no time.
func (w Window) check(text string) error {
	if w.kind == dated && !w.end(w.to.date).After(w.start(w.from.date)) {
		return fmt.Errorf("%q ends before it begins", text)
	}
	if w.kind == daily && w.from.minute == w.to.minute {
		return fmt.Errorf("%q lasts no time: for whole days write weekdays or dates", text)
	}
	return nil
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// readPoint reads "Fri 16:00", "Fri", "16:00", "2026-12-24" or "2026-12-24 16:00".
func readPoint(words []string) (p point, k kind, err error) {
	p.minute = -1
	if len(words) == 0 || len(words) > 2 {
		return p, k, errShape
	}
	switch date, err := time.Parse(time.DateOnly, words[0]); {
	case err == nil:
		p.date, k, words = date, dated, words[1:]
	case !startsWithDigit(words[0]):
		if p.weekday, err = readWeekday(words[0]); err != nil {
			return p, k, err
		}
		k, words = weekly, words[1:]
	case len(words) > 1:
		return p, k, errShape
	}
	if len(words) == 0 {
		return p, k, nil
	}
	p.minute, err = readTime(words[0])
	return p, k, err
}

// readWeekday reads an English name, or three or more letters of it.
func readWeekday(name string) (time.Weekday, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if len(name) >= 3 && strings.HasPrefix(strings.ToLower(day.String()), strings.ToLower(name)) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week (Mon, Tue, Wed, Thu, Fri, Sat, Sun): %w", name, errShape)
}

const dayMinutes = 24 * 60

// readTime reads "16:00"; 24:00 is the end of the day.
func readTime(text string) (minute int, err error) {
	if text == "24:00" {
		return dayMinutes, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of the day such as 16:00: %w", text, errShape)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// Until gives when the window ends that now is in; in is false where it is in none.
func (w Window) Until(now time.Time) (end time.Time, in bool) {
	now = now.In(w.zone)
	for _, first := range w.days(now) {
		start, end := w.start(first), w.end(w.lastDay(first))
		if !now.Before(start) && now.Before(end) {
			return end, true
		}
	}
	return time.Time{}, false
}

// days are those on which a window that has not ended may have begun, each at noon: in some
// zones there are days without a midnight.
func (w Window) days(now time.Time) []time.Time {
	if w.kind == dated {
		return []time.Time{w.from.date}
	}
	var days []time.Time
	for back := range 8 {
		day := time.Date(now.Year(), now.Month(), now.Day()-back, 12, 0, 0, 0, w.zone)
		if w.kind == daily && back < 2 || w.kind == weekly && day.Weekday() == w.from.weekday {
			days = append(days, day)
		}
	}
	return days
}

// lastDay is the day on which a window ends that begins on first.
func (w Window) lastDay(first time.Time) time.Time {
	switch w.kind {
	case daily:
		if w.endMinute() <= w.startMinute() {
			return first.AddDate(0, 0, 1)
		}
		return first
	case weekly:
		days := (int(w.to.weekday-w.from.weekday) + 7) % 7
		if days == 0 && w.endMinute() <= w.startMinute() {
			days = 7
		}
		return first.AddDate(0, 0, days)
	}
	return w.to.date
}

func (w Window) startMinute() int { return max(0, w.from.minute) }

// endMinute is the end of the day where no time is written.
func (w Window) endMinute() int {
	if w.to.minute < 0 {
		return dayMinutes
	}
	return w.to.minute
}

func (w Window) start(day time.Time) time.Time { return w.at(day, w.startMinute()) }
func (w Window) end(day time.Time) time.Time   { return w.at(day, w.endMinute()) }

// at is a time on the wall of the zone, also on days that have 23 or 25 hours.
func (w Window) at(day time.Time, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), minute/60, minute%60, 0, 0, w.zone)
}
