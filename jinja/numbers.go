package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja/pymath"
	"github.com/gdeploy/gdeploy/values"
)

// maxIntDigits and maxIntBits bound integers, so that 9 ** 9 ** 9 is an error.
const (
	maxIntDigits = 4300
	maxIntBits   = 1 << 17
)

// asInteger gives ints, and bools as 0 and 1.
func asInteger(v values.Value) (*big.Int, bool) {
	if b, ok := v.AsBool(); ok {
		if b {
			return big.NewInt(1), true
		}
		return new(big.Int), true
	}
	return v.AsBig()
}

// asSmall gives ints and bools that fit 64 bits.
func asSmall(v values.Value) (int64, bool) {
	if i, ok := v.AsInt(); ok {
		return i, true
	}
	if b, ok := v.AsBool(); ok {
		if b {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// asFloat gives any number as a float.
func asFloat(v values.Value) (float64, bool) {
	if f, ok := v.AsFloat(); ok {
		return f, true
	}
	if i, ok := asInteger(v); ok {
		f, _ := new(big.Float).SetInt(i).Float64()
		return f, true
	}
	return 0, false
}

func isNumber(v values.Value) bool {
	k := v.Kind()
	return k == values.KindInt || k == values.KindFloat || k == values.KindBool
}

// arithmetic computes with two numbers as Python does.
func arithmetic(op string, a, b values.Value) (values.Value, error) {
	if x, ok := asSmall(a); ok {
		if y, ok := asSmall(b); ok {
			if v, ok := smallArithmetic(op, x, y); ok {
				return v, nil
			}
		}
	}
	x, xInt := asInteger(a)
	y, yInt := asInteger(b)
	if xInt && yInt && op != "/" {
		return intArithmetic(op, x, y)
	}
	p, _ := asFloat(a)
	q, _ := asFloat(b)
	if op == "/" && xInt && yInt {
		return divideInts(x, y)
	}
	return floatArithmetic(op, p, q)
}

// smallArithmetic is the fast path: it says no where the result may not fit.
func smallArithmetic(op string, x, y int64) (values.Value, bool) {
	const half = 1 << 31
	switch op {
	case "+":
		sum := x + y
		return values.Int(sum), (sum > x) == (y > 0)
	case "-":
		diff := x - y
		return values.Int(diff), (diff < x) == (y > 0)
	case "*":
		return values.Int(x * y), x > -half && x < half && y > -half && y < half
	}
	return values.Null, false
}

func intArithmetic(op string, x, y *big.Int) (values.Value, error) {
	r := new(big.Int)
	switch op {
	case "+":
		r.Add(x, y)
	case "-":
		r.Sub(x, y)
	case "*":
		r.Mul(x, y)
	case "//", "%":
		if y.Sign() == 0 {
			return values.Null, ValueError("integer division or modulo by zero")
		}
		div, mod := floorDivide(x, y)
		r = div
		if op == "%" {
			r = mod
		}
	case "**":
		return intPower(x, y)
	}
	if r.BitLen() > maxIntBits {
		return values.Null, limitErrorf("the integer has more than %d bits", maxIntBits)
	}
	return values.BigInt(r), nil
}

// floorDivide rounds towards minus infinity; the remainder has the sign of y.
func floorDivide(x, y *big.Int) (*big.Int, *big.Int) {
	div, mod := new(big.Int).QuoRem(x, y, new(big.Int))
	if mod.Sign() != 0 && mod.Sign() != y.Sign() {
		div.Sub(div, big.NewInt(1))
		mod.Add(mod, y)
	}
	return div, mod
}

func intPower(x, y *big.Int) (values.Value, error) {
	if y.Sign() < 0 {
		p, _ := new(big.Float).SetInt(x).Float64()
		q, _ := new(big.Float).SetInt(y).Float64()
		return floatArithmetic("**", p, q)
	}
	if x.CmpAbs(big.NewInt(1)) > 0 && (!y.IsInt64() || y.Int64() > maxIntBits || int64(x.BitLen())*y.Int64() > maxIntBits) {
		return values.Null, limitErrorf("the integer has more than %d bits", maxIntBits)
	}
	if !y.IsInt64() {
		y = new(big.Int).And(y, big.NewInt(1)) // 0, 1 and -1 only
		if y.Sign() == 0 {
			y.SetInt64(2)
		}
	}
	return values.BigInt(new(big.Int).Exp(x, y, nil)), nil
}

// divideInts gives the nearest float to x / y.
func divideInts(x, y *big.Int) (values.Value, error) {
	if y.Sign() == 0 {
		return values.Null, errZeroDivision
	}
	if x.BitLen() <= 53 && y.BitLen() <= 53 {
		return values.Float(float64(x.Int64()) / float64(y.Int64())), nil
	}
	f, _ := new(big.Rat).SetFrac(x, y).Float64()
	if math.IsInf(f, 0) {
		return values.Null, ValueError("integer division result too large for a float")
	}
	return values.Float(f), nil
}

func floatArithmetic(op string, p, q float64) (values.Value, error) {
	switch op {
	case "+":
		return values.Float(p + q), nil
	case "-":
		return values.Float(p - q), nil
	case "*":
		return values.Float(p * q), nil
	case "**":
		return floatPower(p, q)
	}
	if q == 0 {
		return values.Null, errZeroDivision
	}
	switch op {
	case "/":
		return values.Float(p / q), nil
	case "//":
		_, div := floatModulo(p, q)
		return values.Float(div), nil
	}
	mod, _ := floatModulo(p, q)
	return values.Float(mod), nil
}

// floatModulo is Python's float divmod: the remainder has the sign of q.
func floatModulo(p, q float64) (mod, div float64) {
	mod = math.Mod(p, q)
	div = (p - mod) / q
	if mod != 0 && (q < 0) != (mod < 0) {
		mod += q
		div--
	}
	if mod == 0 {
		mod = math.Copysign(0, q)
	}
	if div != 0 {
		if floor := math.Floor(div); div-floor > 0.5 {
			div = floor + 1
		} else {
			div = floor
		}
	} else {
		div = math.Copysign(0, p/q)
	}
	return mod, div
}

func floatPower(p, q float64) (values.Value, error) {
	if p == 0 && q < 0 {
		return values.Null, ValueError("0.0 cannot be raised to a negative power")
	}
	r := pymath.Pow(p, q)
	if math.IsInf(r, 0) && !math.IsInf(p, 0) && !math.IsInf(q, 0) {
		return values.Null, ValueError("the result is too large for a float")
	}
	if math.IsNaN(r) && !math.IsNaN(p) && !math.IsNaN(q) {
		return values.Null, ValueError("a negative number cannot be raised to a fractional power")
	}
	return values.Float(r), nil
}

func negate(op string, v values.Value) (values.Value, error) {
	if err := need(v); err != nil {
		return v, err
	}
	sign := values.Int(1)
	if op == "-" {
		sign = values.Int(-1)
	}
	if f, ok := v.AsFloat(); ok && op == "-" {
		return values.Float(-f), nil
	}
	if !isNumber(v) {
		if r, ok, err := objectBinary("*", v, sign); ok {
			return r, err
		}
		return v, typeErrorf("bad operand type for unary %s: '%s'", op, TypeName(v))
	}
	return arithmetic("*", v, sign)
}

// ParseInt is Python's int(s, base): blanks around and single underscores between
// digits are allowed.
func ParseInt(s string, base int) (values.Value, bool) {
	s = strings.TrimSpace(s)
	digits := strings.TrimLeft(s, "+-")
	bad := len(s)-len(digits) > 1 || len(s) > maxIntDigits || digits == "" || digits[0] == '_' && base != 0 ||
		strings.HasSuffix(s, "_") || strings.Contains(s, "__")
	if bad {
		return values.Null, false
	}
	if base == 0 && len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]) && strings.Trim(digits, "0_") != "" {
		return values.Null, false
	}
	s = strings.ReplaceAll(asciiDigits(s), "_", "")
	if prefix := map[int]string{16: "0x", 8: "0o", 2: "0b"}[base]; prefix != "" {
		bare := strings.TrimLeft(s, "+-")
		if len(bare) > 2 && strings.EqualFold(bare[:2], prefix) {
			s = s[:len(s)-len(bare)] + bare[2:]
		}
	}
	i, ok := new(big.Int).SetString(s, base)
	if !ok {
		return values.Null, false
	}
	return values.BigInt(i), true
}

// ParseFloat is Python's float(s).
func ParseFloat(s string) (float64, bool) {
	s = strings.TrimSpace(asciiDigits(s))
	bare := strings.ToLower(strings.TrimLeft(s, "+-"))
	switch {
	case strings.HasPrefix(bare, "0x"), strings.HasPrefix(bare, "_"), strings.HasSuffix(bare, "_"), strings.Contains(bare, "__"):
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}
