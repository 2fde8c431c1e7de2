package filters

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pymath"
	"github.com/gdeploy/gdeploy/values"
)

// number reads an int or float.
func number(v values.Value) (float64, error) {
	if f, ok := v.AsFloat(); ok {
		return f, nil
	}
	if k := v.Kind(); k == values.KindInt || k == values.KindBool {
		i, _ := jinja.ToInt(v, 10)
		b, _ := i.AsBig()
		f, _ := b.Float64()
		return f, nil
	}
	return 0, first(jinja.Defined(v), fmt.Errorf("a number is needed, not %s", jinja.TypeName(v)))
}

func logFilter(c *jinja.Call) (values.Value, error) {
	p := c.Params("base")
	x, err := number(c.Value)
	base, errBase := number(p.Value("base", values.Float(math.E)))
	if err := first(p.Err(), err, errBase); err != nil {
		return values.Null, err
	}
	if x <= 0 || base <= 0 || base == 1 {
		return values.Null, fmt.Errorf("log: math domain error: the number must be above 0, the base above 0 and not 1")
	}
	switch base {
	case 10:
		return values.Float(math.Log10(x)), nil
	case math.E:
		return values.Float(pymath.Log(x)), nil
	}
	return values.Float(pymath.Log(x) / pymath.Log(base)), nil
}

func powFilter(c *jinja.Call) (values.Value, error) {
	p := c.Params("y")
	x, err := number(c.Value)
	y, errY := number(p.Need("y"))
	return power(first(p.Err(), err, errY), x, y)
}

func rootFilter(c *jinja.Call) (values.Value, error) {
	p := c.Params("base")
	x, err := number(c.Value)
	base, errBase := number(p.Value("base", values.Int(2)))
	if base == 0 {
		errBase = first(errBase, fmt.Errorf("root: the base cannot be 0"))
	}
	if base == 2 && x >= 0 {
		return values.Float(math.Sqrt(x)), first(p.Err(), err, errBase)
	}
	return power(first(p.Err(), err, errBase), x, 1/base)
}

func power(err error, x, y float64) (values.Value, error) {
	r := pymath.Pow(x, y)
	if err == nil && (math.IsNaN(r) && !math.IsNaN(x) && !math.IsNaN(y) || x == 0 && y < 0) {
		err = fmt.Errorf("math domain error: %v cannot be raised to the power %v", x, y)
	}
	if err == nil && math.IsInf(r, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		err = fmt.Errorf("math range error: the result is too large")
	}
	return values.Float(r), err
}

// sizeUnits go from the largest to the smallest.
var sizeUnits = []struct {
	letter string
	factor float64
}{
	{"Y", 1 << 80}, {"Z", 1 << 70}, {"E", 1 << 60}, {"P", 1 << 50}, {"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1},
}

func humanReadable(c *jinja.Call) (values.Value, error) {
	p := c.Params("isbits", "unit")
	size, err := number(c.Value)
	isbits := p.Bool("isbits", false)
	unit := ""
	if v, ok := p.Get("unit"); ok && !v.IsNull() {
		unit = strings.ToUpper(p.String("unit", ""))
	}
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	letter, factor := "B", 1.0
	for _, u := range sizeUnits {
		if unit == "" && size >= u.factor || unit != "" && unit[:1] == u.letter {
			letter, factor = u.letter, u.factor
			break
		}
	}
	base := "Bytes"
	if isbits {
		base = "bits"
	}
	suffix := base
	if factor != 1 {
		suffix = letter + base[:1]
	}
	return values.String(strconv.FormatFloat(size/factor, 'f', 2, 64) + " " + suffix), nil
}

var humanSize = regexp.MustCompile(`(?i)^\s*(\d*\.?\d*)\s*([A-Za-z]+)?`)

func humanToBytes(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("default_unit", "isbits")
	unit := ""
	if v, ok := p.Get("default_unit"); ok && !v.IsNull() {
		unit = p.String("default_unit", "")
	}
	isbits := p.Bool("isbits", false)
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	m := humanSize.FindStringSubmatch(text)
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return values.Null, fmt.Errorf("human_to_bytes() can't interpret following string: %s", text)
	}
	if m[2] != "" {
		unit = m[2]
	}
	factor, err := unitFactor(unit, isbits)
	if err != nil {
		return values.Null, fmt.Errorf("human_to_bytes() can't interpret %q: %w", text, err)
	}
	return values.Int(int64(math.RoundToEven(n * factor))), nil
}

// unitFactor reads K, KB, Kbyte and their like; a small b means bits.
func unitFactor(unit string, isbits bool) (float64, error) {
	if unit == "" {
		return 1, nil
	}
	letter := strings.ToUpper(unit[:1])
	for _, u := range sizeUnits {
		if u.letter != letter {
			continue
		}
		return u.factor, unitName(unit, letter, isbits)
	}
	return 0, fmt.Errorf("the unit %q is not known: use K, M, G, T, P, E, Z, Y or B", unit)
}

func unitName(unit, letter string, isbits bool) error {
	short, long := "B", "byte"
	if isbits {
		short, long = "b", "bit"
	}
	if len(unit) == 1 || unit[1:2] == short || strings.Contains(strings.ToLower(unit), long) {
		return nil
	}
	return fmt.Errorf("expect %s%s or %s%s, not %s", letter, short, letter, long, unit)
}
