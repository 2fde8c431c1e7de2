package serve

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/async_status"
	"github.com/gdeploy/gdeploy/transport/wire"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/record"
)

// A call with a Background becomes a job: the helper starts its program once more in a
// session of its own, hands it the call on stdin, so that no secret lies on the disk, and
// answers at once. The job outlives the connection and leaves its result in a file.

func isJob(argv []string) bool {
	return len(argv) == 4 && [2]string(argv[1:3]) == wire.JobArguments
}

// detach starts the job and says so as Ansible does.
func detach(ctx context.Context, call modules.Call, s Session) modules.Reply {
	file, err := startJob(ctx, call, s)
	if err != nil {
		return modules.Reply{Failed: true, Msg: "start the task in the background: " + err.Error()}
	}
	return modules.Reply{Changed: true, Data: values.MapOf(
		"ansible_job_id", values.String(call.Background.ID), "results_file", values.String(file),
		"started", values.Int(1), "finished", values.Int(0))}
}

func startJob(ctx context.Context, call modules.Call, s Session) (file string, err error) {
	file = filepath.Join(jobDir(call.Background.Dir), filepath.Base(call.Background.ID))
	if call.Args, err = carry(ctx, call.Args, s); err != nil {
		return file, err
	}
	text, err := record.Encode(call)
	if err != nil {
		return file, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return file, err
	}
	tidyJobs(filepath.Dir(file))
	if err := leave(file, running(call.Background.ID)); err != nil {
		return file, err
	}
	program, err := os.Executable()
	if err != nil {
		return file, err
	}
	cmd := exec.Command(program, append(wire.JobArguments[:], file)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return file, err
	}
	if err := cmd.Start(); err != nil {
		return file, err
	}
	go func() { _ = cmd.Wait() }() // its result says how it went
	if _, err = stdin.Write(text); err != nil {
		return file, err
	}
	return file, stdin.Close()
}

func jobDir(dir string) string {
	if rest, ok := strings.CutPrefix(dir, "~/"); ok {
		return filepath.Join(homeDir(), rest)
	}
	if dir == "" {
		return filepath.Join(homeDir(), ".cache/gdeploy/async")
	}
	return dir
}

// carry puts the content of blobs into the arguments, because a job has no controller to ask.
func carry(ctx context.Context, v values.Value, s Session) (values.Value, error) {
	m, ok := v.AsMap()
	if !ok {
		return v, nil
	}
	if m.Has("sha256") && m.Has("size") && m.Has("name") {
		return carryBlob(ctx, m, s)
	}
	all := values.NewMap(m.Len())
	for key, item := range m.All() {
		carried, err := carry(ctx, item, s)
		if err != nil {
			return v, err
		}
		all.SetKey(key, carried)
	}
	return values.FromMap(all), nil
}

func carryBlob(ctx context.Context, m *values.Map, s Session) (values.Value, error) {
	if m.Has("inline") {
		return values.FromMap(m), nil
	}
	sha, _ := m.Get("sha256")
	size, _ := m.Get("size")
	name, _ := m.Get("name")
	n, _ := size.AsInt()
	content, err := s.OpenBlob(ctx, modules.Blob{SHA256: values.Text(sha), Size: n, Name: values.Text(name)})
	if err != nil {
		return values.Null, err
	}
	defer content.Close()
	data, err := io.ReadAll(content)
	m = m.Clone()
	m.Set("inline", values.String(base64.StdEncoding.EncodeToString(data)))
	return values.FromMap(m), err
}

// job runs the call that stdin holds and leaves its result in file.
func job(r Runner, file string) int {
	text, err := io.ReadAll(os.Stdin)
	var call modules.Call
	if err == nil {
		err = record.Decode(text, &call)
	}
	if err != nil || call.Background == nil {
		fmt.Fprintln(os.Stderr, "gdeploy helper: no job on stdin:", err)
		return 1
	}
	null, err := os.Open(os.DevNull)
	if err == nil {
		_ = redirect(int(null.Fd()), 0)
	}
	prepare()
	result, err := work(r, call)
	if err == nil {
		err = leave(file, result)
	}
	if err != nil {
		return 1
	}
	return 0
}

// work runs the call of a job, and gives what its file says then.
func work(r Runner, call modules.Call) (*values.Map, error) {
	b := *call.Background
	call.Background = nil
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(b.LimitMS)*time.Millisecond)
	defer cancel()
	reply := safely(ctx, r, call, alone{})
	if reply.Failed && ctx.Err() != nil {
		reply = modules.Reply{Failed: true, Msg: "Timeout exceeded"}
	}
	result := finished(b.ID, reply)
	if b.Key == "" {
		return result, nil
	}
	return async_status.Seal(result, b.Key)
}

// running is what the file of a job says until there is a result.
func running(id string) *values.Map {
	m := values.NewMap(3)
	m.Set("started", values.Int(1))
	m.Set("finished", values.Int(0))
	m.Set("ansible_job_id", values.String(id))
	return m
}

// finished is a reply as the file of a job holds it.
func finished(id string, reply modules.Reply) *values.Map {
	m := running(id)
	if data, ok := reply.Data.AsMap(); ok {
		for key, value := range data.All() {
			m.SetKey(key, value)
		}
	}
	m.Set("finished", values.Int(1))
	m.Set("changed", values.Bool(reply.Changed))
	for name, yes := range map[string]bool{"failed": reply.Failed, "skipped": reply.Skipped} {
		if yes {
			m.Set(name, values.True)
		}
	}
	if reply.Msg != "" {
		m.Set("msg", values.String(reply.Msg))
	}
	if !reply.Facts.IsNull() {
		m.Set("ansible_facts", reply.Facts)
	}
	return m
}

// leave writes the file of a job in one step.
func leave(file string, content *values.Map) error {
	temporary := file + ".new"
	if err := os.WriteFile(temporary, values.JSON(values.FromMap(content)), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}

// alone is a session without a controller: what the job needs came with it.
type alone struct{}

// Progress tells nobody.
func (alone) Progress(string) {}

// OpenBlob gives content that came with the call.
func (a alone) OpenBlob(ctx context.Context, b modules.Blob) (io.ReadCloser, error) {
	return a.OpenBlobAt(ctx, b, 0)
}

// OpenBlobAt gives content that came with the call, from an offset on.
func (alone) OpenBlobAt(_ context.Context, b modules.Blob, offset int64) (io.ReadCloser, error) {
	if int64(len(b.Inline)) != b.Size || offset > b.Size {
		return nil, fmt.Errorf("%q did not come with the task", b.Name)
	}
	return io.NopCloser(bytes.NewReader(b.Inline[offset:])), nil
}
