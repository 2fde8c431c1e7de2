package record

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/values"
)

type word string

type Inner struct {
	Code string `json:"code,omitempty"`
	Node string
}

type whole struct {
	Name  string `json:"name"`
	Word  word   `json:"word,omitempty"`
	Skip  string `json:"-"`
	own   int
	Yes   bool    `json:"yes,omitempty"`
	Count int64   `json:"count,omitempty"`
	Small uint32  `json:"small"`
	Share float64 `json:"share"`
	Inner
	More  *Inner            `json:"more,omitempty"`
	List  []string          `json:"list,omitempty"`
	Null  []string          `json:"null"`
	Items []Inner           `json:"items"`
	Env   map[string]string `json:"env,omitempty"`
	Born  time.Time         `json:"born"`
}

var text = rapid.StringOf(rapid.RuneFrom([]rune(`az"\/<>&é世$` + "\n\t\x01\u2028😀{}[],:")))

var inner = rapid.Custom(func(t *rapid.T) Inner { return Inner{text.Draw(t, "code"), text.Draw(t, "node")} })

var record = rapid.Custom(func(t *rapid.T) whole {
	w := whole{
		Name: text.Draw(t, "name"), Word: word(text.Draw(t, "word")), own: 7, Skip: "x", Yes: rapid.Bool().Draw(t, "yes"),
		Count: rapid.Int64().Draw(t, "count"), Small: rapid.Uint32().Draw(t, "small"), Share: float64(rapid.Int32().Draw(t, "share")) / 8,
		Inner: inner.Draw(t, "inner"), List: rapid.SliceOf(text).Draw(t, "list"), Items: rapid.SliceOf(inner).Draw(t, "items"),
		Env:  rapid.MapOfN(text, text, 2, 4).Draw(t, "env"),
		Born: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "born"), rapid.Int64Range(0, 999999999).Draw(t, "nano")).UTC(),
	}
	if rapid.Bool().Draw(t, "more") {
		more := inner.Draw(t, "inner of more")
		w.More = &more
	}
	return w
})

// What is written and read is what encoding/json would write and read.
func TestRecordsAreThoseOfEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := record.Draw(t, "record")
		mine, err := Encode(w)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{mine, theirs} {
			var a, b whole
			if err := Decode(text, &a); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &b); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if diff := cmp.Diff(b, a, cmp.AllowUnexported(whole{})); diff != "" {
				t.Fatal(diff)
			}
		}
		var a, b map[string]interface{}
		if json.Unmarshal(mine, &a) != nil || json.Unmarshal(theirs, &b) != nil {
			t.Fatal("one of them cannot be read")
		}
		if diff := cmp.Diff(b, a); diff != "" {
			t.Fatal(diff)
		}
		pretty, err := Pretty(w)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := json.MarshalIndent(json.RawMessage(mine), "", "  ")
		if diff := cmp.Diff(unescaped(want), string(pretty)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// unescaped takes back what MarshalIndent writes for web pages.
func unescaped(text []byte) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&", `\u2028`, "\u2028").Replace(string(text))
}

func TestValuesKeepTheirMarksAndMapsTheirKeys(t *testing.T) {
	type call struct {
		Args values.Value      `json:"args"`
		Env  map[string]string `json:"env"`
	}
	in := call{values.MapOf("a", values.String("b\xff").MarkUnsafe()), map[string]string{"$unsafe": "x"}}
	line, err := Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	var out call
	if err := Decode(line, &out); err != nil {
		t.Fatal(err)
	}
	a, _ := out.Args.Get("a")
	if s, _ := a.AsString(); s != "b\xff" || !a.Unsafe() || out.Env["$unsafe"] != "x" {
		t.Errorf("%s became %v", line, out)
	}
}

func TestWhatDoesNotFit(t *testing.T) {
	for text, want := range map[string]string{
		`{"name": 7}`:                       "name: an int where a string is wanted",
		`{"small": -1}`:                     "small: an int where a uint32 is wanted",
		`{"count": 1.5}`:                    "count: a float where a int64 is wanted",
		`{"count": 99999999999999999999}`:   "count: an int where a int64 is wanted",
		`{"items": {}}`:                     "items: a map where a []record.Inner is wanted",
		`{"items": [{"code": []}]}`:         "items: code: a list where a string is wanted",
		`{"born": "today"}`:                 `born: parsing time "today"`,
		`{"name": "x"} {`:                   "unexpected text after the value",
		`[]`:                                "a list where a record.whole is wanted",
		`{"env": {"a": null, "b": [null]}}`: "env: a list where a string is wanted",
	} {
		var w whole
		if err := Decode([]byte(text), &w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s", text, err, want)
		}
	}
	if _, err := Encode(struct{ C chan int }{}); err == nil {
		t.Error("a channel was written")
	}
}

func TestUnknownNamesAndNullsAreLeft(t *testing.T) {
	w := whole{Name: "kept", Count: 3}
	if err := Decode([]byte(`{"other": [1, {"a": null}], "name": null, "small": 2}`), &w); err != nil || w.Name != "kept" || w.Count != 3 || w.Small != 2 {
		t.Errorf("%v, %v", w, err)
	}
}
