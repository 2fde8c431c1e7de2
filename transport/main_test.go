package transport_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/serve"
	"github.com/gdeploy/gdeploy/values"
)

// TestMain lets the test program be its own helper.
func TestMain(m *testing.M) {
	if serve.Asked(os.Args) {
		os.Exit(serve.Main(fakeRunner{}))
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // for the helpers
	goleak.VerifyTestMain(m)
}

// fakeRunner has a few modules that show what the transport does.
type fakeRunner struct{}

func (fakeRunner) Run(ctx context.Context, call modules.Call, s serve.Session) modules.Reply {
	text, _ := call.Args.AsString()
	switch call.Module {
	case "echo":
		return modules.Reply{Msg: text, Data: call.Args}
	case "fail":
		return modules.Reply{Failed: true, Msg: text}
	case "sleep":
		d, _ := time.ParseDuration(text)
		select {
		case <-time.After(d):
			return modules.Reply{Msg: "slept"}
		case <-ctx.Done():
			return modules.Reply{Failed: true, Msg: ctx.Err().Error(), ErrorKind: modules.KindCanceled}
		}
	case "lines":
		for _, line := range strings.Fields(text) {
			s.Progress(line)
		}
		return modules.Reply{}
	case "print":
		fmt.Println(text)
		out, _ := exec.Command("sh", "-c", "echo from a child; cat").CombinedOutput()
		return modules.Reply{Msg: string(out)}
	case "whoami":
		return modules.Reply{Msg: fmt.Sprint(os.Getuid(), " ", os.Getgid(), " ", os.Getpid())}
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "panic":
		panic(text)
	case "append":
		if call.Check {
			return modules.Reply{Changed: true}
		}
		name, line, _ := strings.Cut(text, " ")
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return modules.Reply{Failed: true, Msg: err.Error()}
		}
		defer f.Close()
		_, _ = f.WriteString(line + "\n")
		return modules.Reply{Changed: true}
	case "blob":
		return runBlob(ctx, call, s)
	}
	return modules.Reply{Failed: true, Msg: "no module " + call.Module}
}

func runBlob(ctx context.Context, call modules.Call, s serve.Session) modules.Reply {
	m, _ := call.Args.AsMap()
	sum, _ := m.Get("sha256")
	size, _ := m.Get("size")
	offset, _ := m.Get("offset")
	b := modules.Blob{Name: "blob"}
	b.SHA256, _ = sum.AsString()
	b.Size, _ = size.AsInt()
	at, _ := offset.AsInt()
	r, err := s.OpenBlobAt(ctx, b, at)
	if err != nil {
		return modules.Reply{Failed: true, Msg: err.Error()}
	}
	defer r.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, r)
	if err != nil {
		return modules.Reply{Failed: true, Msg: err.Error()}
	}
	return modules.Reply{Msg: fmt.Sprint(n, " ", hex.EncodeToString(hash.Sum(nil)))}
}

func text(module, arg string) modules.Call {
	return modules.Call{Module: module, Args: values.String(arg)}
}
