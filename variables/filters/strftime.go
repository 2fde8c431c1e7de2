package filters

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Strftime formats t by the directives of C's strftime, in the C locale.
func Strftime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		plain := false
		if format[i] == '-' && i+1 < len(format) {
			plain = true // %-d: without padding
			i++
		}
		text := directive(t, format[i])
		if plain {
			text = strings.TrimLeft(text, " 0")
			if text == "" {
				text = "0"
			}
		}
		b.WriteString(text)
	}
	return b.String()
}

// layouts are the directives that Go's layouts can express.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'h': "Jan", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02",
	'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM",
	'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06",
	'z': "-0700", 'Z': "MST", 'P': "pm",
}

func directive(t time.Time, c byte) string {
	if layout, ok := layouts[c]; ok {
		return t.Format(layout)
	}
	isoYear, isoWeek := t.ISOWeek()
	weekday := int(t.Weekday())
	switch c {
	case 'Y':
		return strconv.Itoa(t.Year())
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100)
	case 'f':
		return fmt.Sprintf("%06d", t.Nanosecond()/1000)
	case 'G':
		return strconv.Itoa(isoYear)
	case 'g':
		return fmt.Sprintf("%02d", isoYear%100)
	case 'V':
		return fmt.Sprintf("%02d", isoWeek)
	case 'k':
		return fmt.Sprintf("%2d", t.Hour())
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1)
	case 's':
		return strconv.FormatInt(t.Unix(), 10)
	case 'u':
		return strconv.Itoa((weekday+6)%7 + 1)
	case 'w':
		return strconv.Itoa(weekday)
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-weekday)/7)
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-(weekday+6)%7)/7)
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '%':
		return "%"
	}
	return "%" + string(c)
}

// parsed is what Strptime has read so far.
type parsed struct {
	year, month, day           int
	hour, minute, second, nano int
	yearDay                    int
	pm, twelve                 bool
	zone                       *time.Location
}

// Strptime reads a time by the directives of Python's strptime.
func Strptime(text, format string) (time.Time, error) {
	p := &parsed{year: 1900, month: 1, day: 1, zone: naive}
	rest, err := p.all(text, format)
	if err != nil {
		return time.Time{}, fmt.Errorf("time data %q does not match format %q: %w", text, format, err)
	}
	if rest != "" {
		return time.Time{}, fmt.Errorf("unconverted data remains: %s", rest)
	}
	if p.twelve {
		p.hour %= 12
		if p.pm {
			p.hour += 12
		}
	}
	if p.yearDay > 0 {
		p.month, p.day = 1, p.yearDay
	}
	t := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, p.nano, p.zone)
	if p.yearDay == 0 && t.Day() != p.day {
		return time.Time{}, fmt.Errorf("time data %q: day is out of range for month", text)
	}
	return t, nil
}

func (p *parsed) all(text, format string) (string, error) {
	var err error
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '%' && i+1 < len(format):
			i++
			if text, err = p.directive(text, format[i]); err != nil {
				return text, err
			}
		case c == ' ' || c == '\t' || c == '\n':
			text = strings.TrimLeft(text, " \t\n")
		default:
			if text == "" || text[0] != c {
				return text, fmt.Errorf("expected %q", string(c))
			}
			text = text[1:]
		}
	}
	return text, nil
}

func (p *parsed) directive(text string, c byte) (string, error) {
	switch c {
	case '%':
		return strings.TrimPrefix(text, "%"), nil
	case 'T':
		return p.all(text, "%H:%M:%S")
	case 'D', 'x':
		return p.all(text, "%m/%d/%y")
	case 'F':
		return p.all(text, "%Y-%m-%d")
	case 'R':
		return p.all(text, "%H:%M")
	case 'X':
		return p.all(text, "%H:%M:%S")
	case 'c':
		return p.all(text, "%a %b %d %H:%M:%S %Y")
	case 'a', 'A', 'b', 'B', 'p':
		return p.word(text, c)
	case 'f':
		return p.fraction(text)
	case 'z':
		return p.offset(text)
	case 'Z':
		return p.zoneName(text)
	}
	return p.number(text, c)
}

// number reads the directives that are digits.
func (p *parsed) number(text string, c byte) (string, error) {
	fields := map[byte]struct {
		to            *int
		width, lo, hi int
	}{
		'Y': {&p.year, 4, 1, 9999}, 'y': {&p.year, 2, 0, 99}, 'm': {&p.month, 2, 1, 12}, 'd': {&p.day, 2, 1, 31}, 'e': {&p.day, 2, 1, 31},
		'H': {&p.hour, 2, 0, 23}, 'I': {&p.hour, 2, 1, 12}, 'M': {&p.minute, 2, 0, 59}, 'S': {&p.second, 2, 0, 61}, 'j': {&p.yearDay, 3, 1, 366},
	}
	field, ok := fields[c]
	if !ok {
		return text, fmt.Errorf("'%c' is a bad directive", c)
	}
	n := 0
	for n < field.width && n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	v, err := strconv.Atoi(text[:n])
	if err != nil || v < field.lo || v > field.hi || c == 'Y' && n < 4 {
		return text, fmt.Errorf("%%%c does not fit %q", c, text)
	}
	*field.to = v
	switch {
	case c == 'I':
		p.twelve = true
	case c == 'y' && v < 69:
		p.year += 2000
	case c == 'y':
		p.year += 1900
	}
	return text[n:], nil
}

func (p *parsed) word(text string, c byte) (string, error) {
	if c == 'p' {
		return p.half(text)
	}
	for i := range 12 {
		month := time.Month(i + 1).String()
		day := time.Weekday(i % 7).String()
		name := map[byte]string{'a': day[:3], 'A': day, 'b': month[:3], 'B': month}[c]
		if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
			continue
		}
		if c == 'b' || c == 'B' {
			p.month = i + 1
		}
		return text[len(name):], nil
	}
	return text, fmt.Errorf("%%%c does not fit %q", c, text)
}

func (p *parsed) half(text string) (string, error) {
	if len(text) < 2 || !strings.EqualFold(text[:2], "am") && !strings.EqualFold(text[:2], "pm") {
		return text, fmt.Errorf("%%p does not fit %q", text)
	}
	p.pm = strings.EqualFold(text[:2], "pm")
	return text[2:], nil
}

func (p *parsed) fraction(text string) (string, error) {
	n := 0
	for n < 6 && n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	if n == 0 {
		return text, fmt.Errorf("%%f does not fit %q", text)
	}
	micros, _ := strconv.Atoi((text[:n] + "000000")[:6])
	p.nano = micros * 1000
	return text[n:], nil
}

func (p *parsed) offset(text string) (string, error) {
	if rest, ok := strings.CutPrefix(text, "Z"); ok {
		p.zone = time.UTC
		return rest, nil
	}
	for _, layout := range []string{"-07:00", "-0700"} {
		if len(text) < len(layout) {
			continue
		}
		if t, err := time.Parse(layout, text[:len(layout)]); err == nil {
			_, seconds := t.Zone()
			p.zone = time.FixedZone("", seconds)
			return text[len(layout):], nil
		}
	}
	return text, fmt.Errorf("%%z does not fit %q", text)
}

func (p *parsed) zoneName(text string) (string, error) {
	local, _ := time.Now().Zone()
	for _, name := range []string{"UTC", "GMT", local} {
		if rest, ok := strings.CutPrefix(text, name); ok && name != "" {
			return rest, nil
		}
	}
	return text, fmt.Errorf("%%Z does not fit %q", text)
}
