package main

import (
	"os"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/runlog"
)

// mortal is a journal whose program is killed, as by kill -9, when it has written as many
// lines as DIE_AT says, or with DIE_BEFORE is about to write that one. A script so finds
// every point at which a controller can die.
type mortal struct {
	executor.Journal
	dies   int64
	before bool
	lines  *atomic.Int64
}

func dying(run *runlog.Run) executor.Journal {
	at, err := strconv.ParseInt(os.Getenv("DIE_AT"), 10, 64)
	if err != nil {
		return run
	}
	return mortal{run, at, os.Getenv("DIE_BEFORE") != "", new(atomic.Int64)}
}

func (j mortal) Keep(key string, fact any) error { return j.write(j.Journal.Keep, key, fact) }

func (j mortal) Commit(key string, fact any) error { return j.write(j.Journal.Commit, key, fact) }

func (j mortal) write(write func(string, any) error, key string, fact any) error {
	n := j.lines.Add(1)
	if n == j.dies && j.before {
		die()
	}
	err := write(key, fact)
	if n == j.dies {
		die()
	}
	return err
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
