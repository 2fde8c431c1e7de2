package jinja

import (
	"math"
	"math/big"
	"strconv"

	"github.com/gdeploy/gdeploy/values"
)

func filterAbs(c *Call) (values.Value, error) {
	if f, ok := c.Value.AsFloat(); ok {
		return values.Float(math.Abs(f)), nil
	}
	i, ok := asInteger(c.Value)
	if !ok {
		return values.Null, typeErrorf("bad operand type for abs(): '%s'", TypeName(c.Value))
	}
	return values.BigInt(new(big.Int).Abs(i)), nil
}

func filterInt(c *Call) (values.Value, error) {
	p := c.Params("default", "base")
	def := p.Value("default", values.Int(0))
	base := p.Int("base", 10)
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	if base != 0 && (base < 2 || base > 36) {
		return values.Null, valueErrorf("int: the base must be 0 or between 2 and 36")
	}
	if v, ok := ToInt(c.Value, base); ok {
		return v, nil
	}
	f, isFloat := c.Value.AsFloat()
	if s, ok := c.Value.AsString(); ok {
		f, isFloat = ParseFloat(s)
	}
	if isFloat && math.IsInf(f, 0) {
		return values.Null, ValueError("cannot convert float infinity to integer")
	}
	return def, nil
}

// ToInt is what the filter int makes of v; ok is false where that would be its default.
func ToInt(v values.Value, base int) (values.Value, bool) {
	if i, ok := asInteger(v); ok {
		return values.BigInt(i), true
	}
	f, ok := v.AsFloat()
	if s, isText := v.AsString(); isText {
		if i, ok := ParseInt(s, base); ok {
			return i, true
		}
		f, ok = ParseFloat(s)
	}
	if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
		return values.Null, false
	}
	i, _ := big.NewFloat(f).Int(nil)
	return values.BigInt(i), true
}

func filterFloat(c *Call) (values.Value, error) {
	p := c.Params("default")
	def := p.Value("default", values.Float(0))
	if f, ok := asFloat(c.Value); ok {
		return values.Float(f), p.Err()
	}
	if s, ok := c.Value.AsString(); ok {
		if f, ok := ParseFloat(s); ok {
			return values.Float(f), p.Err()
		}
	}
	return def, p.Err()
}

func filterRound(c *Call) (values.Value, error) {
	p := c.Params("precision", "method")
	precision := p.Int("precision", 0)
	method := p.String("method", "common")
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	f, ok := asFloat(c.Value)
	if !ok {
		return values.Null, typeErrorf("type %s doesn't define __round__ method", TypeName(c.Value))
	}
	if precision > 400 || precision < -400 {
		return values.Null, valueErrorf("round: the precision must be between -400 and 400")
	}
	factor := math.Pow(10, float64(precision))
	switch method {
	case "common":
		return roundCommon(c.Value, f, precision)
	case "ceil":
		return values.Float(math.Ceil(f*factor) / factor), nil
	case "floor":
		return values.Float(math.Floor(f*factor) / factor), nil
	}
	return values.Null, valueErrorf("round: the method must be common, ceil or floor")
}

// roundCommon rounds halves to the even digit of the exact binary value, as Python does.
func roundCommon(v values.Value, f float64, precision int) (values.Value, error) {
	if i, ok := asInteger(v); ok {
		if precision >= 0 {
			return values.BigInt(i), nil
		}
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-precision)), nil)
		return values.BigInt(new(big.Int).Mul(roundQuotient(i, unit), unit)), nil
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return v, nil
	}
	if precision >= 0 {
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', precision, 64), 64)
		return values.Float(r), nil
	}
	unit := math.Pow(10, float64(-precision))
	return values.Float(math.RoundToEven(f/unit) * unit), nil
}

// roundQuotient gives i / unit rounded half to even.
func roundQuotient(i, unit *big.Int) *big.Int {
	div, mod := floorDivide(i, unit)
	switch twice := new(big.Int).Lsh(mod, 1).Cmp(unit); {
	case twice > 0, twice == 0 && div.Bit(0) == 1:
		div.Add(div, big.NewInt(1))
	}
	return div
}

func filterFilesizeformat(c *Call) (values.Value, error) {
	p := c.Params("binary")
	binary := p.Bool("binary", false)
	n, ok := asFloat(c.Value)
	if s, isText := c.Value.AsString(); isText {
		n, ok = ParseFloat(s)
	}
	if p.Err() != nil || !ok {
		return values.Null, firstError(p.Err(), typeErrorf("filesizeformat needs a number, not %s", TypeName(c.Value)))
	}
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if binary {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	if n == 1 {
		return values.String("1 Byte"), nil
	}
	if n < base {
		return values.String(strconv.FormatFloat(math.Trunc(n), 'f', 0, 64) + " Bytes"), nil
	}
	n /= base
	for n >= base && len(units) > 1 {
		n, units = n/base, units[1:]
	}
	return values.String(strconv.FormatFloat(n, 'f', 1, 64) + " " + units[0]), nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
