package filters

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// Datetime wraps a time as the value that to_datetime and now give: it has the fields
// and methods of Python's datetime that playbooks use.
func Datetime(t time.Time) values.Value { return values.FromObject(datetime{t}) }

type datetime struct{ t time.Time }

// Time gives the time that Datetime wraps.
func Time(v values.Value) (time.Time, bool) {
	o, _ := v.AsObject()
	d, ok := o.(datetime)
	return d.t, ok
}

// TypeName is Python's.
func (d datetime) TypeName() string { return "datetime" }

// Str prints the time with microseconds where there are any.
func (d datetime) Str() string { return d.iso(" ") }

// Repr prints it as it stands in a list.
func (d datetime) Repr() string {
	s := fmt.Sprintf("datetime.datetime(%d, %d, %d, %d, %d", d.t.Year(), d.t.Month(), d.t.Day(), d.t.Hour(), d.t.Minute())
	us := d.t.Nanosecond() / 1000
	if d.t.Second() != 0 || us != 0 {
		s += fmt.Sprintf(", %d", d.t.Second())
	}
	if us != 0 {
		s += fmt.Sprintf(", %d", us)
	}
	return s + ")"
}

// Plain is what JSON has for it.
func (d datetime) Plain() values.Value { return values.String(d.iso("T")) }

// timestamp is a time as YAML writes it.
type timestamp struct{ datetime }

// Plain is itself: YAML knows times.
func (t timestamp) Plain() values.Value { return values.FromObject(t) }

func holdsTime(v values.Value) bool {
	if o, _ := v.AsObject(); o != nil {
		_, ok := o.(datetime)
		return ok
	}
	items := v.Items()
	if m, ok := v.AsMap(); ok {
		items = m.Values()
	}
	return slices.ContainsFunc(items, holdsTime)
}

// timestamps gives v with its times as YAML writes them; without any it stays itself.
func timestamps(v values.Value) values.Value {
	if !holdsTime(v) {
		return v
	}
	if o, _ := v.AsObject(); o != nil {
		if d, ok := o.(datetime); ok {
			return values.FromObject(timestamp{d}).Inherit(v)
		}
	}
	if l, ok := v.AsList(); ok {
		items := make([]values.Value, len(l.Items))
		for i, item := range l.Items {
			items[i] = timestamps(item)
		}
		return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).Inherit(v)
	}
	m, ok := v.AsMap()
	if !ok {
		return v
	}
	out := values.NewMap(m.Len())
	for key, item := range m.All() {
		out.SetKey(key, timestamps(item))
	}
	return values.FromMap(out).Inherit(v)
}

func (d datetime) iso(separator string) string {
	s := d.t.Format("2006-01-02") + separator + d.t.Format("15:04:05")
	if us := d.t.Nanosecond() / 1000; us != 0 {
		s += fmt.Sprintf(".%06d", us)
	}
	if d.t.Location() != time.Local {
		s += d.t.Format("-07:00")
	}
	return s
}

// naive is the zone of times that know none: what they show is what was parsed.
var naive = time.Local

// Attr gives the fields and methods.
func (d datetime) Attr(name string) (values.Value, bool, error) {
	fields := map[string]int{
		"year": d.t.Year(), "month": int(d.t.Month()), "day": d.t.Day(), "hour": d.t.Hour(), "minute": d.t.Minute(),
		"second": d.t.Second(), "microsecond": d.t.Nanosecond() / 1000,
	}
	if n, ok := fields[name]; ok {
		return values.Int(int64(n)), true, nil
	}
	fn := d.method(name)
	if fn == nil {
		return values.Null, false, nil
	}
	return jinja.Func(name, fn), true, nil
}

func (d datetime) method(name string) func(*jinja.Call) (values.Value, error) {
	switch name {
	case "strftime":
		return func(c *jinja.Call) (values.Value, error) {
			p := c.Params("format")
			p.Need("format")
			return values.String(Strftime(d.t, p.String("format", ""))), p.Err()
		}
	case "isoformat":
		return func(c *jinja.Call) (values.Value, error) {
			p := c.Params("sep")
			return values.String(d.iso(p.String("sep", "T"))), p.Err()
		}
	case "timestamp":
		return d.plain(values.Float(float64(d.t.UnixMicro()) / 1e6))
	case "weekday":
		return d.plain(values.Int(int64(d.t.Weekday()+6) % 7))
	case "isoweekday":
		return d.plain(values.Int(int64(d.t.Weekday()+6)%7 + 1))
	case "date":
		return d.plain(values.String(d.t.Format("2006-01-02")))
	case "time":
		return d.plain(values.String(d.t.Format("15:04:05")))
	}
	return nil
}

// plain is a method without arguments.
func (d datetime) plain(v values.Value) func(*jinja.Call) (values.Value, error) {
	return func(c *jinja.Call) (values.Value, error) { return v, c.Params().Err() }
}

// Binary subtracts and orders times, and moves them by durations.
func (d datetime) Binary(op string, other values.Value, right bool) (values.Value, bool, error) {
	o, _ := other.AsObject()
	switch o := o.(type) {
	case datetime:
		if op == "-" {
			if right {
				return values.FromObject(timedelta{o.t.Sub(d.t)}), true, nil
			}
			return values.FromObject(timedelta{d.t.Sub(o.t)}), true, nil
		}
		return ordering(op, d.t.Compare(o.t), right)
	case timedelta:
		switch {
		case op == "+":
			return Datetime(d.t.Add(o.d)), true, nil
		case op == "-" && !right:
			return Datetime(d.t.Add(-o.d)), true, nil
		}
	}
	return values.Null, false, nil
}

// ordering answers a comparison; right turns it round.
func ordering(op string, order int, right bool) (values.Value, bool, error) {
	if right {
		order = -order
	}
	if decide, ok := versionOperators[op]; ok && op != "=" && op != "<>" {
		return values.Bool(decide(order)), true, nil
	}
	return values.Null, false, nil
}

type timedelta struct{ d time.Duration }

// TypeName is Python's.
func (t timedelta) TypeName() string { return "timedelta" }

// split gives days, seconds and microseconds, of which only days may be negative.
func (t timedelta) split() (days, seconds, micros int64) {
	us := t.d.Microseconds()
	const day = 86400 * 1e6
	days = int64(math.Floor(float64(us) / day))
	us -= days * day
	return days, us / 1e6, us % 1e6
}

// Repr prints it as it stands in a list.
func (t timedelta) Repr() string {
	days, seconds, micros := t.split()
	var parts []string
	for _, part := range []struct {
		name string
		n    int64
	}{{"days", days}, {"seconds", seconds}, {"microseconds", micros}} {
		if part.n != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", part.name, part.n))
		}
	}
	if len(parts) == 0 {
		return "datetime.timedelta(0)"
	}
	return "datetime.timedelta(" + strings.Join(parts, ", ") + ")"
}

// Str prints it as 1 day, 2:03:04.
func (t timedelta) Str() string {
	days, seconds, micros := t.split()
	s := fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if micros != 0 {
		s += fmt.Sprintf(".%06d", micros)
	}
	switch days {
	case 0:
		return s
	case 1, -1:
		return fmt.Sprintf("%d day, %s", days, s)
	}
	return fmt.Sprintf("%d days, %s", days, s)
}

// Truthy is false for no time at all.
func (t timedelta) Truthy() bool { return t.d != 0 }

// Attr gives days, seconds, microseconds and total_seconds().
func (t timedelta) Attr(name string) (values.Value, bool, error) {
	days, seconds, micros := t.split()
	switch name {
	case "days":
		return values.Int(days), true, nil
	case "seconds":
		return values.Int(seconds), true, nil
	case "microseconds":
		return values.Int(micros), true, nil
	case "total_seconds":
		return jinja.Func(name, func(c *jinja.Call) (values.Value, error) {
			return values.Float(float64(t.d.Microseconds()) / 1e6), c.Params().Err()
		}), true, nil
	}
	return values.Null, false, nil
}

// Binary adds and compares durations, and multiplies and divides them by numbers.
func (t timedelta) Binary(op string, other values.Value, right bool) (values.Value, bool, error) {
	o, isObject := other.AsObject()
	switch o := o.(type) {
	case timedelta:
		return t.withDelta(op, o, right)
	case datetime:
		return o.Binary(op, values.FromObject(t), !right)
	}
	n, err := number(other)
	if isObject || err != nil {
		return values.Null, false, nil
	}
	switch {
	case op == "*":
		return values.FromObject(timedelta{time.Duration(float64(t.d) * n)}), true, nil
	case op == "/" && !right && n != 0:
		return values.FromObject(timedelta{time.Duration(float64(t.d) / n)}), true, nil
	}
	return values.Null, false, nil
}

func (t timedelta) withDelta(op string, o timedelta, right bool) (values.Value, bool, error) {
	a, b := t.d, o.d
	if right {
		a, b = b, a
	}
	switch {
	case op == "+":
		return values.FromObject(timedelta{a + b}), true, nil
	case op == "-":
		return values.FromObject(timedelta{a - b}), true, nil
	case op == "/" && b != 0:
		return values.Float(float64(a) / float64(b)), true, nil
	}
	return ordering(op, int(max(-1, min(1, a-b))), false)
}

func toDatetime(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("format")
	format := p.String("format", "%Y-%m-%d %H:%M:%S")
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	t, err := Strptime(text, format)
	return Datetime(t), err
}

// strftimeFilter formats a time of the controller: {{ format | strftime(second, utc) }}.
func strftimeFilter(c *jinja.Call) (values.Value, error) {
	format, err := c.Text()
	p := c.Params("second", "utc")
	t := time.Now()
	if v, ok := p.Get("second"); ok && !v.IsNull() {
		seconds, errSecond := secondsOf(v)
		err = first(err, errSecond)
		t = time.UnixMicro(int64(seconds * 1e6))
	}
	if p.Bool("utc", false) {
		t = t.In(time.FixedZone("GMT", 0))
	}
	format = strings.ReplaceAll(format, "%f", "%%f") // C's strftime has no microseconds
	return values.String(Strftime(t, format)), first(err, p.Err())
}

func secondsOf(v values.Value) (float64, error) {
	if s, ok := v.AsString(); ok {
		f, ok := jinja.ParseFloat(s)
		if !ok {
			return 0, fmt.Errorf("invalid value for epoch value (%s)", s)
		}
		return f, nil
	}
	f, err := number(v)
	if err == nil && (math.IsNaN(f) || math.Abs(f) > 1e12) {
		err = fmt.Errorf("invalid value for epoch value (%s)", values.Text(v))
	}
	return f, err
}
