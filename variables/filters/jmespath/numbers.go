package jmespath

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

func rational(v values.Value) *big.Float {
	if i, ok := v.AsBig(); ok {
		return new(big.Float).SetInt(i)
	}
	f, _ := v.AsFloat()
	if math.IsNaN(f) {
		return new(big.Float)
	}
	return new(big.Float).SetFloat64(f)
}

func number(name string) func([]values.Value) (values.Value, error) {
	return func(args []values.Value) (values.Value, error) {
		v := args[0]
		if i, ok := v.AsBig(); ok {
			if name == "abs" {
				return values.BigInt(new(big.Int).Abs(i)), nil
			}
			return v, nil
		}
		f, _ := v.AsFloat()
		switch name {
		case "abs":
			return values.Float(math.Abs(f)), nil
		case "ceil":
			f = math.Ceil(f)
		default:
			f = math.Floor(f)
		}
		whole, _ := big.NewFloat(f).Int(nil)
		return values.BigInt(whole), nil
	}
}

func sum(args []values.Value) (values.Value, error) {
	whole, float, isFloat := new(big.Int), 0.0, false
	for _, item := range args[0].Items() {
		if i, ok := item.AsBig(); ok && !isFloat {
			whole.Add(whole, i)
			continue
		}
		if !isFloat {
			float, _ = new(big.Float).SetInt(whole).Float64()
			isFloat = true
		}
		f, _ := rational(item).Float64()
		float += f
	}
	if isFloat {
		return values.Float(float), nil
	}
	return values.BigInt(whole), nil
}

func average(args []values.Value) (values.Value, error) {
	n := len(args[0].Items())
	if n == 0 {
		return values.Null, nil
	}
	total, err := sum(args)
	f, _ := rational(total).Float64()
	return values.Float(f / float64(n)), err
}

func toNumber(args []values.Value) (values.Value, error) {
	text, ok := args[0].AsString()
	if !ok {
		if typeOf(args[0]) == "number" {
			return args[0], nil
		}
		return values.Null, nil
	}
	text = strings.TrimSpace(text)
	if i, ok := new(big.Int).SetString(text, 10); ok {
		return values.BigInt(i), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "xX") {
		return values.Null, nil
	}
	return values.Float(f), nil
}
