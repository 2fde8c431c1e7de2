package executor

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/values"
)

// everyEvent has one of each type.
var everyEvent = []Event{
	RunStarted{}, PlaybookStarted{}, PlayStarted{}, TaskStarted{}, HandlerStarted{}, UndoStarted{}, HostStarted{}, Background{}, Note{},
	HostResult{}, ItemResult{}, Retry{}, Together{}, Progress{}, Included{}, Warning{}, Frozen{}, LockTaken{}, LockRefused{}, LockFreed{},
	Unwinding{}, Interrupted{}, ApprovalAsked{}, ApprovalAnswered{}, PlayEnded{}, NoMoreHosts{}, RunEnded{},
}

// names are the fields that say which host, run, file or place is meant, or are one of a few words.
var names = []string{
	"action", "delegate", "delegate_address", "file", "files", "freed", "host", "hosts", "failed", "how", "id", "kind", "path", "role", "run", "state",
	"status", "strategy", "unfinished", "who", "window", "written",
}

// All that a run can tell is masked, in every event, but for names.
func TestEveryEventIsMasked(t *testing.T) {
	source, err := os.ReadFile("events.go")
	if err != nil {
		t.Fatal(err)
	}
	if types := regexp.MustCompile(`(?m)^func \(\w+\) Type\(\)`).FindAll(source, -1); len(types) != len(everyEvent) {
		t.Fatalf("there are %d types of events, and %d here", len(types), len(everyEvent))
	}
	secrets := redact.New()
	secrets.Add("hunter22")
	for _, e := range everyEvent {
		told := reflect.New(reflect.TypeOf(e)).Elem()
		fill(told)
		text, err := json.Marshal(masked(told.Interface().(Event), secrets))
		if err != nil {
			t.Fatal(err)
		}
		var fields any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range shown(fields, "") {
			if !slices.Contains(names, name) {
				t.Errorf("%s shows a secret in its %s", e.Type(), name)
			}
		}
	}
}

// fill puts a secret into every text below v.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[values.Value]():
		v.Set(reflect.ValueOf(values.MapOf("in a value", values.String("it is hunter22"))))
	case v.Kind() == reflect.String:
		v.SetString("hunter22")
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	}
}

// shown are the fields below one of that name that show the secret.
func shown(v any, name string) []string {
	var all []string
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			all = append(all, shown(item, key)...)
		}
	case []any:
		for _, item := range v {
			all = append(all, shown(item, name)...)
		}
	case string:
		if strings.Contains(v, "hunter22") {
			all = append(all, name)
		}
	}
	return all
}
