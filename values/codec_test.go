package values_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/values"
)

func anyValue(depth int) *rapid.Generator[values.Value] {
	scalars := []*rapid.Generator[values.Value]{
		rapid.Just(values.Null),
		rapid.Just(values.Omit),
		rapid.Map(rapid.Bool(), values.Bool),
		rapid.Map(rapid.Int64(), values.Int),
		rapid.Map(rapid.Int64(), func(i int64) values.Value {
			return values.BigInt(new(big.Int).Mul(big.NewInt(i), big.NewInt(math.MaxInt64)))
		}),
		rapid.Map(rapid.Float64(), values.Float),
		rapid.Map(rapid.String(), values.String),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) values.Value { return values.String(string(b)) }),
		rapid.Map(rapid.SampledFrom([]string{"$map", "$unsafe", "", "$", "é"}), values.String),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := anyValue(depth - 1)
	list := rapid.Map(rapid.SliceOfN(inner, 0, 4), values.FromSlice)
	tuple := rapid.Map(rapid.SliceOfN(inner, 0, 3), func(l []values.Value) values.Value { return values.TupleOf(l...) })
	mapping := rapid.Custom(func(t *rapid.T) values.Value {
		m := values.NewMap(2)
		for i := rapid.IntRange(0, 3).Draw(t, "n"); i > 0; i-- {
			m.SetKey(anyValue(0).Draw(t, "key"), inner.Draw(t, "value"))
		}
		return values.FromMap(m)
	})
	marked := rapid.Custom(func(t *rapid.T) values.Value {
		v := inner.Draw(t, "marked")
		if rapid.Bool().Draw(t, "unsafe") {
			v = v.MarkUnsafe()
		}
		if rapid.Bool().Draw(t, "secret") {
			v = v.MarkSecret()
		}
		return v
	})
	return rapid.OneOf(append(scalars, list, tuple, mapping, marked)...)
}

// same compares kinds, order and marks too, which Python's == does not.
func same(a, b values.Value) bool {
	if a.Kind() != b.Kind() || a.Unsafe() != b.Unsafe() || a.Secret() != b.Secret() {
		return false
	}
	switch a.Kind() {
	case values.KindFloat:
		x, _ := a.AsFloat()
		y, _ := b.AsFloat()
		return math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
	case values.KindList:
		la, _ := a.AsList()
		lb, _ := b.AsList()
		return la.Tuple == lb.Tuple && sameItems(la.Items, lb.Items)
	case values.KindMap:
		ma, _ := a.AsMap()
		mb, _ := b.AsMap()
		return sameItems(ma.Keys(), mb.Keys()) && sameItems(ma.Values(), mb.Values())
	}
	return values.Equal(a, b)
}

func sameItems(a, b []values.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func TestDecodeUndoesEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "v")
		data, err := values.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		back, err := values.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !same(v, back) {
			t.Fatalf("%s came back as %s from %s", values.Repr(v), values.Repr(back), data)
		}
	})
}

func TestJSONIsPlain(t *testing.T) {
	v := values.MapOf("a", values.Float(3), "b", values.TupleOf(values.Int(1)), "c", values.String("x\xff").MarkUnsafe())
	if got, want := string(values.JSON(v)), `{"a":3.0,"b":[1],"c":"x\udcff"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, src := range []string{"", "{", `{"a"}`, `{"a":1,}x`, "[1,", "tru", `"\x"`, "1 2", `"\ud8`, `{a:1}`, "01", "+1", "1.", ".5", "1e", "1_000", "0x1", "inf", "-", "\"a\nb\"", "\"\\\\\x01\""} {
		if v, err := values.Decode([]byte(src)); err == nil {
			t.Errorf("%q was read as %s", src, values.Repr(v))
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"$map":[[1,{"$unsafe":"\udcff"}]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := values.Decode(data)
		if err != nil {
			return
		}
		if _, err := values.Encode(v); err != nil {
			t.Errorf("%q was read but cannot be written: %v", data, err)
		}
	})
}

func TestMapKeepsOrderAndPythonsKeys(t *testing.T) {
	m := values.NewMap(0)
	m.SetKey(values.Int(1), values.String("int"))
	m.Set("b", values.Null)
	m.SetKey(values.True, values.String("bool"))
	if got, want := values.Repr(values.FromMap(m)), "{1: 'bool', 'b': None}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	m.Delete(values.Int(1))
	if got, want := values.Repr(values.FromMap(m)), "{'b': None}"; got != want {
		t.Errorf("after delete: got %s, want %s", got, want)
	}
}

func TestPythonPrinting(t *testing.T) {
	for _, c := range []struct {
		v    values.Value
		want string
	}{
		{values.Float(3), "3.0"}, {values.Float(1e16), "1e+16"}, {values.Float(1e-5), "1e-05"}, {values.Float(0.1), "0.1"},
		{values.ListOf(values.String("it's"), values.True, values.Null), `["it's", True, None]`},
		{values.TupleOf(values.Int(1)), "(1,)"}, {values.String("a\n\x01é"), `'a\n\x01é'`},
	} {
		if got := values.Repr(c.v); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestNumbersAreEqualAcrossKinds(t *testing.T) {
	huge := values.BigInt(new(big.Int).Lsh(big.NewInt(1), 70))
	for _, pair := range [][2]values.Value{
		{values.Int(1), values.True}, {values.Int(0), values.Float(math.Copysign(0, -1))}, {values.Int(1 << 53), values.Float(1 << 53)},
		{huge, values.Float(1 << 70)}, {values.Int(math.MinInt64), values.Float(math.MinInt64)}, {values.Float(math.Inf(1)), values.Float(math.Inf(1))},
	} {
		if !values.Equal(pair[0], pair[1]) || !values.Equal(pair[1], pair[0]) {
			t.Errorf("%s is not %s", values.Repr(pair[0]), values.Repr(pair[1]))
		}
	}
	for _, pair := range [][2]values.Value{
		{values.Int(1<<53 + 1), values.Float(1 << 53)}, {values.Int(math.MaxInt64), values.Float(math.MaxInt64)}, {huge, values.Float(math.Inf(1))},
		{values.Float(math.NaN()), values.Float(math.NaN())}, {values.Int(1), values.String("1")}, {huge, values.String(values.Text(huge))}, {values.Int(0), values.Null},
	} {
		if values.Equal(pair[0], pair[1]) || values.Equal(pair[1], pair[0]) {
			t.Errorf("%s is %s", values.Repr(pair[0]), values.Repr(pair[1]))
		}
	}
}
