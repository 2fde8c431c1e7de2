package pyjson_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/values"
)

func anyValue(depth int) *rapid.Generator[values.Value] {
	return rapid.Custom(func(t *rapid.T) values.Value {
		kinds := 8
		if depth == 0 {
			kinds = 6
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return values.Null
		case 1:
			return values.Bool(rapid.Bool().Draw(t, "bool"))
		case 2:
			return values.Int(rapid.Int64().Draw(t, "int"))
		case 3:
			return values.Float(rapid.Float64().Draw(t, "float"))
		case 4:
			return values.String(rapid.String().Draw(t, "string"))
		case 5:
			return values.String(string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
		case 6:
			return values.FromSlice(rapid.SliceOfN(anyValue(depth-1), 0, 4).Draw(t, "list"))
		}
		m := values.NewMap(0)
		for _, key := range rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "keys") {
			m.Set(key, anyValue(depth-1).Draw(t, "value"))
		}
		return values.FromMap(m)
	})
}

func TestDecodeReadsWhatEncodeWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "value")
		o := pyjson.Options{ASCII: rapid.Bool().Draw(t, "ascii"), Indented: rapid.Bool().Draw(t, "indented"), Indent: "  "}
		text, err := pyjson.Encode(v, o)
		if err != nil {
			t.Fatal(err)
		}
		back, err := pyjson.Decode(text)
		if err != nil || values.Repr(back) != values.Repr(v) {
			t.Fatalf("%s: got %s %v, want %s", text, values.Repr(back), err, values.Repr(v))
		}
	})
}

func TestEncodeAsPythonDoes(t *testing.T) {
	v := values.MapOf("b", values.ListOf(values.Int(1), values.Float(2), values.Float(math.Inf(1)), values.Float(math.NaN())), "a", values.String("é\U0001d11e\x7f\n"))
	for want, o := range map[string]pyjson.Options{
		`{"b": [1, 2.0, Infinity, NaN], "a": "\u00e9\ud834\udd1e` + "\x7f" + `\n"}`:     {ASCII: true},
		`{"a": "é𝄞` + "\x7f" + `\n", "b": [1, 2.0, Infinity, NaN]}`:                     {SortKeys: true},
		"{\n \"b\": [\n  1,\n  2.0,\n  Infinity,\n  NaN\n ],\n \"a\": \"é𝄞\x7f\\n\"\n}": {Indented: true, Indent: " "},
		`{"b":[1,2.0,Infinity,NaN],"a":"é𝄞` + "\x7f" + `\n"}`:                           {ItemSeparator: ",", KeySeparator: ":"},
	} {
		if got, err := pyjson.Encode(v, o); err != nil || got != want {
			t.Errorf("got  %s %v\nwant %s", got, err, want)
		}
	}
}

func TestMistakesSayWhere(t *testing.T) {
	for src, want := range map[string]string{
		"":           "not JSON: expected a value at line 1 column 1",
		"{":          "not JSON: expected a key in double quotes at line 1 column 2",
		"[1,\n 2":    "not JSON: expected ',' or ']' at line 2 column 3",
		`{"a": 1} x`: "not JSON: extra data at line 1 column 10",
		`"a`:         "not JSON: a string that is never closed at line 1 column 3",
		"[01]":       "not JSON: expected a value at line 1 column 2",
		`["\x"]`:     "not JSON: an unknown escape at line 1 column 3",
	} {
		if _, err := pyjson.Decode(src); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", src, err, want)
		}
	}
}
