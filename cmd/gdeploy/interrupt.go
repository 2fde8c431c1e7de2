package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// interrupts are the signals by which an operator, or the end of their session, asks to stop. Who started gdeploy under nohup does
// not ask for that by logging out.
var interrupts = func() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}()

// stoppable gives a context that ends when the operator asks to stop. Asking once more
// ends the program.
func stoppable() (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = signal.NotifyContext(context.Background(), interrupts...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// interruptible turns the first Ctrl-C of a run into "finish and take back", the second
// into "stop now", by ending the context, and the third into the program's end. One that came
// before, and ended parent, is the first. Whatever happens to those who read the output, the
// run goes on.
func interruptible(parent context.Context) (ctx context.Context, interrupt <-chan struct{}, done func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	first := make(chan struct{})
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, interrupts...)
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGPIPE)
	if parent.Err() != nil && len(signals) == 0 {
		signals <- os.Interrupt
	}
	go func() {
		for asked := 1; ; asked++ {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			switch asked {
			case 1:
				fmt.Fprintln(os.Stderr, "\n[interrupted: the tasks that run now are finished, then what was done is taken back; once more to stop now]")
				close(first)
			case 2:
				cancel()
				go quit(signals)
			}
		}
	}()
	return ctx, first, func() {
		signal.Stop(signals)
		signal.Stop(unread)
		cancel()
	}
}

// quit ends the program at the next signal.
func quit(signals <-chan os.Signal) {
	<-signals
	os.Exit(exitInterrupted)
}
