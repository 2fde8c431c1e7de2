package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

func TestReleaseTable(t *testing.T) {
	time.Local = time.UTC
	table := &releaseTable{}
	answer := func(host string, status executor.Status, json string) {
		var v values.Value
		if err := v.UnmarshalJSON([]byte(json)); err != nil {
			t.Fatal(err)
		}
		table.Record(executor.Record{Event: executor.HostResult{Host: host, Status: status, Result: v}})
	}
	answer("n10", executor.OK, `{"current": "v2", "previous": "v1", "link": "release", "locked_by": "run 7 of ada",
		"releases": [{"version": "v2", "ref": "main", "state": "good", "live": "2024-01-31T10:00:00Z", "who": "ada@ops"}]}`)
	answer("n2", executor.Unreachable, `{"msg": "connection refused"}`)
	answer("n1", executor.OK, `{"current": "", "link": "missing"}`)
	table.sort([]string{"n1", "n2", "n10"})
	var out bytes.Buffer
	if err := table.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `HOST  LIVE       REF   STATE  SINCE                BY       PREVIOUS
n1    (missing)  -     -      -                    -        -
n2    unreachable: connection refused
n10   v2         main  good   2024-01-31 10:00:00  ada@ops  v1
      locked by run 7 of ada
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
