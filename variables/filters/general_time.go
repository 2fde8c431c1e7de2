package filters

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// units are the short names of units of time, with their length in milliseconds. A year
// is 365 days and a month 30, unless a template says otherwise.
func units(year, month float64) map[string]float64 {
	const second = 1000
	const day = 86400 * second
	return map[string]float64{
		"ms": 1, "s": second, "m": 60 * second, "h": 3600 * second, "d": day, "w": 7 * day, "mo": month * day, "y": year * day,
	}
}

// longUnits are the long names, without a plural s.
var longUnits = map[string]string{
	"msec": "ms", "msecond": "ms", "millisecond": "ms", "sec": "s", "second": "s", "hour": "h", "min": "m", "minute": "m",
	"day": "d", "week": "w", "month": "mo", "year": "y",
}

func shortUnit(name string) string {
	if short, ok := longUnits[strings.TrimRight(name, "s")]; ok {
		return short
	}
	return name
}

func toUnit(unit string) jinja.Filter {
	return func(c *jinja.Call) (values.Value, error) {
		p := c.Keywords("year", "month")
		if len(c.Args) > 0 {
			return values.Null, jinja.TypeError(c.Name + "() takes year and month by name only")
		}
		return inUnit(c, p, unit)
	}
}

// toTimeUnit converts a time such as 30m 5s to a number of units.
func toTimeUnit(c *jinja.Call) (values.Value, error) {
	p := c.Params("unit", "year", "month")
	return inUnit(c, p, p.String("unit", "ms"))
}

var amount = regexp.MustCompile(`^(-?\d+)(\w+)`)

func inUnit(c *jinja.Call, p *jinja.Params, unit string) (values.Value, error) {
	text, err := c.Text()
	lengths := units(floatParam(p, "year", 365), floatParam(p, "month", 30))
	if err := first(err, p.Err()); err != nil || text == "0" {
		return values.Int(0), err
	}
	by, ok := lengths[shortUnit(unit)]
	if !ok {
		names := slices.Sorted(maps.Keys(lengths))
		return values.Null, fmt.Errorf("to_time_unit() can not convert to the following unit: %s. Available units: %s", unit, strings.Join(names, ", "))
	}
	total := 0.0
	for word := range strings.FieldsSeq(text) {
		m := amount.FindStringSubmatch(word)
		if m == nil {
			return values.Null, fmt.Errorf("to_time_unit() can not interpret following string: %s", text)
		}
		length, ok := lengths[shortUnit(m[2])]
		n, err := strconv.ParseFloat(m[1], 64)
		if !ok || err != nil {
			return values.Null, fmt.Errorf("to_time_unit() can not interpret following string: %s", text)
		}
		total += n * length
	}
	const digits = 1e12
	if rounded := math.Round(total/by*digits) / digits; !math.IsInf(rounded, 0) {
		return values.Float(rounded), nil
	}
	return values.Float(total / by), nil
}

func floatParam(p *jinja.Params, name string, def float64) float64 {
	v, ok := p.Get(name)
	if !ok {
		return def
	}
	if f, ok := v.AsFloat(); ok {
		return f
	}
	return float64(p.Int(name, 0))
}
