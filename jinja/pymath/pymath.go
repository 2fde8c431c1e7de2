// Package pymath computes powers and logarithms to the last digit, as the C library
// does below Python; Go's math.Pow may be off by one.
package pymath

import (
	"math"
	"math/big"
)

// precision is the number of bits of the computations, far above the 53 of a float.
const precision = 256

// Pow is x to the power of y, correctly rounded where the result is an ordinary number.
func Pow(x, y float64) float64 {
	r := math.Pow(x, y)
	if math.IsNaN(r) || math.IsInf(r, 0) || r == 0 || x == 1 || y == 0 || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return r
	}
	exponent := new(big.Float).SetPrec(precision).SetFloat64(y)
	power := exp(exponent.Mul(exponent, log(math.Abs(x))))
	exact, _ := power.Float64()
	return math.Copysign(exact, r)
}

// Log is the natural logarithm of x.
func Log(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) || x <= 0 || x == 1 {
		return math.Log(x)
	}
	exact, _ := log(x).Float64()
	return exact
}

func number(f float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(f) }

// log improves the float's logarithm by Halley's method, which triples the digits.
func log(x float64) *big.Float {
	mantissa, shift := math.Frexp(x)
	target := number(mantissa)
	guess := number(math.Log(mantissa))
	for range 3 {
		e := exp(guess)
		difference := new(big.Float).Sub(target, e)
		sum := new(big.Float).Add(target, e)
		difference.Quo(difference, sum)
		guess.Add(guess, difference.Mul(difference, number(2)))
	}
	return guess.Add(guess, new(big.Float).Mul(number(float64(shift)), ln2()))
}

// ln2 sums 1/(n 2^n).
func ln2() *big.Float {
	sum, power := number(0), number(1)
	for n := 1; n <= precision; n++ {
		power.Quo(power, number(2))
		sum.Add(sum, new(big.Float).Quo(power, number(float64(n))))
	}
	return sum
}

// exp halves x until the series converges fast, and squares the result back.
func exp(x *big.Float) *big.Float {
	const halvings = 32
	exponent := max(0, x.MantExp(nil)+halvings)
	reduced := new(big.Float).SetMantExp(x, -exponent)
	sum, term := number(1), number(1)
	for n := 1; n < 24; n++ {
		term.Mul(term, reduced)
		term.Quo(term, number(float64(n)))
		sum.Add(sum, term)
	}
	for range exponent {
		sum.Mul(sum, sum)
	}
	return sum
}
