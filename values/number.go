package values

import (
	"math"
	"math/big"
	"strconv"
)

// longInt is an integer that does not fit 64 bits, in decimal digits, with a minus sign
// where it is negative. It is calculated with by way of math/big only where somebody asks
// for that, which keeps math/big out of the helper.
type longInt string

// BigInt wraps i, as a small integer where it fits.
func BigInt(i *big.Int) Value {
	if i.IsInt64() {
		return Int(i.Int64())
	}
	return Value{data: longInt(i.String())}
}

// AsBig gives the integer that v is, whatever its size.
func (v Value) AsBig() (*big.Int, bool) {
	switch d := v.data.(type) {
	case int64:
		return big.NewInt(d), true
	case longInt:
		return new(big.Int).SetString(string(d), 10)
	}
	return nil, false
}

// isNumber tells whether v takes part in arithmetic, as bools do in Python.
func isNumber(v Value) bool {
	switch v.data.(type) {
	case bool, int64, longInt, float64:
		return true
	}
	return false
}

// number gives the one form of a number that all equal ones have, whatever their kinds: an
// int64 where it is whole and fits, a longInt where it is whole, else the float.
func number(data any) any {
	switch d := data.(type) {
	case bool:
		if d {
			return int64(1)
		}
		return int64(0)
	case float64:
		switch {
		case d != math.Trunc(d) || math.IsInf(d, 0):
		case d >= -1<<63 && d < 1<<63:
			return int64(d)
		default:
			return longInt(strconv.FormatFloat(d, 'f', 0, 64))
		}
	}
	return data
}
