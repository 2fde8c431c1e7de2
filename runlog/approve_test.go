package runlog_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/runlog"
)

// A run that waits is found and answered once; one that died is not found.
func TestAnswer(t *testing.T) {
	dir := t.TempDir()
	run, err := runlog.Start(dir, "", runlog.Meta{ID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	dead := filepath.Join(dir, "r0")
	if err := errors.Join(os.Mkdir(dead, 0o700), os.WriteFile(filepath.Join(dead, "question.json"), []byte(`{"run":"r0"}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	q := executor.Question{Run: "r1", Next: "all"}
	got := make(chan executor.Answer)
	go func() {
		a, err := run.Answer(t.Context(), q)
		if err != nil {
			t.Error(err)
		}
		got <- a
	}()
	waiting, err := runlog.FindWaiting(dir, "")
	for ; len(waiting) == 0 && err == nil; waiting, err = runlog.FindWaiting(dir, "") {
		time.Sleep(time.Millisecond)
	}
	if err != nil || len(waiting) != 1 || waiting[0].Run != "r1" || waiting[0].Next != "all" {
		t.Fatalf("waiting: %+v, %v", waiting, err)
	}
	want := executor.Answer{Approved: true, Who: "bob@ops2", Reason: "looks good"}
	first, second := waiting[0].Reply(want), waiting[0].Reply(executor.Answer{Who: "eve"})
	if a := <-got; a != want || first != nil || second == nil {
		t.Errorf("answered %+v, %v, then %v", a, first, second)
	}
	if waiting, _ := runlog.FindWaiting(dir, ""); len(waiting) != 0 {
		t.Errorf("still waiting: %+v", waiting)
	}
}

// With a log that all deployers share, others find the question beside it, and one who did not
// start the run answers by a file of their own.
func TestAnswerOfAnother(t *testing.T) {
	log := filepath.Join(t.TempDir(), "gdeploy.log")
	run, err := runlog.Start(t.TempDir(), log, runlog.Meta{ID: "r1", Who: "ada@ops1"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	got := make(chan executor.Answer)
	go func() {
		a, err := run.Answer(t.Context(), executor.Question{Run: "r1", Next: "all"})
		if err != nil {
			t.Error(err)
		}
		got <- a
	}()
	others := t.TempDir()
	waiting, err := runlog.FindWaiting(others, log)
	for ; len(waiting) == 0 && err == nil; waiting, err = runlog.FindWaiting(others, log) {
		time.Sleep(time.Millisecond)
	}
	if err != nil || len(waiting) != 1 || waiting[0].Run != "r1" || waiting[0].Who != "ada@ops1" {
		t.Fatalf("waiting: %+v, %v", waiting, err)
	}
	if err := waiting[0].Reply(executor.Answer{Approved: true, Who: "bob@ops2"}); err != nil {
		t.Fatal(err)
	}
	if a := <-got; !a.Approved || a.Who != "bob@ops2" {
		t.Errorf("answered %+v", a)
	}
	left, err := os.ReadDir(filepath.Join(filepath.Dir(log), "waiting"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNoAnswer(t *testing.T) {
	run, err := runlog.Start(t.TempDir(), "", runlog.Meta{ID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := run.Answer(ctx, executor.Question{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
