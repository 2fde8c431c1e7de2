package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Options are the parameters that command and shell share.
type Options struct {
	Chdir           string  `json:"chdir" type:"path" help:"directory to run in"`
	Creates         string  `json:"creates" type:"path" help:"file or pattern; where it exists the command is not run"`
	Removes         string  `json:"removes" type:"path" help:"file or pattern; where it does not exist the command is not run"`
	Executable      string  `json:"executable" type:"path" help:"program to run instead of the one named, or the shell to use"`
	Stdin           *string `json:"stdin" help:"text for the program's standard input"`
	StdinAddNewline bool    `json:"stdin_add_newline" default:"yes" help:"end stdin with a newline"`
	StripEmptyEnds  bool    `json:"strip_empty_ends" default:"yes" help:"drop newlines at the end of stdout and stderr"`
}

// Predicts tells that in check mode creates and removes decide.
func (o *Options) Predicts() bool { return o.Creates != "" || o.Removes != "" }

// Start runs a command unless creates or removes say that there is nothing to do. shown
// is what the result calls cmd.
func (o *Options) Start(ctx context.Context, sys modules.System, c modules.Command, shown values.Value) (modules.Result, error) {
	result := empty()
	result.Data.Set("cmd", shown)
	if err := o.enter(sys); err != nil {
		return result, err
	}
	if why := o.idle(sys); why != "" {
		result.Msg = "Did not run command since " + why
		addOutput(result.Data, "skipped, since "+strings.ReplaceAll(why, "'", ""), "")
		result.Data.Set("rc", values.Int(0))
		return result, nil
	}
	c.Dir, c.Watched = o.Chdir, true
	if o.Stdin != nil {
		c.Stdin = []byte(*o.Stdin)
		if o.StdinAddNewline {
			c.Stdin = append(c.Stdin, '\n')
		}
	}
	out, err := sys.Exec(ctx, c)
	return o.tell(result, c, out, err)
}

// enter makes sure that the directory is there.
func (o *Options) enter(sys modules.System) error {
	if o.Chdir == "" {
		return nil
	}
	st, err := sys.Stat(o.Chdir)
	if err == nil && !st.Mode.IsDir() {
		return modules.Fail("Unable to change directory before execution: [Errno 20] Not a directory: b'%s'", o.Chdir)
	}
	if err != nil {
		return modules.Fail("Unable to change directory before execution: %s", pythonError(err, o.Chdir))
	}
	return nil
}

// idle says why the command need not run.
func (o *Options) idle(sys modules.System) string {
	if o.Creates != "" && o.exists(sys, o.Creates) {
		return fmt.Sprintf("'%s' exists", o.Creates)
	}
	if o.Removes != "" && !o.exists(sys, o.Removes) {
		return fmt.Sprintf("'%s' does not exist", o.Removes)
	}
	return ""
}

func (o *Options) exists(sys modules.System, pattern string) bool {
	if o.Chdir != "" && !path.IsAbs(pattern) {
		pattern = path.Join(o.Chdir, pattern)
	}
	return len(modules.Glob(sys, pattern)) > 0
}

func (o *Options) tell(result modules.Result, c modules.Command, out modules.Output, err error) (modules.Result, error) {
	var notStarted *modules.NotStartedError
	switch {
	case errors.Is(err, modules.ErrWouldRun):
		result.Msg = "Command would have run if not in check mode"
		result.Data.Set("rc", values.Int(0))
		return result, err
	case errors.As(err, &notStarted):
		result.Data.Set("cmd", values.String(modules.CommandLine(c.Argv)))
		result.Data.Set("rc", values.Int(errno(notStarted.Err)))
		for _, name := range []string{"start", "end", "delta"} {
			result.Data.Delete(values.String(name))
		}
		return result, errors.New(pythonError(notStarted.Err, c.Argv[0]))
	}
	stdout, stderr := out.Stdout, out.Stderr
	if o.StripEmptyEnds {
		stdout, stderr = strings.TrimRight(stdout, "\r\n"), strings.TrimRight(stderr, "\r\n")
	}
	addOutput(result.Data, stdout, stderr)
	rc := out.RC
	if out.Signal != 0 {
		rc = -out.Signal // as Python has it
	}
	result.Data.Set("rc", values.Int(int64(rc)))
	result.Data.Set("start", values.String(timeText(out.Start)))
	result.Data.Set("end", values.String(timeText(out.End)))
	result.Data.Set("delta", values.String(DeltaText(out.End.Sub(out.Start))))
	if err == nil && rc != 0 {
		err = errors.New("non-zero return code")
		result.Changed = true
	}
	if err == nil {
		result.Data.Set("msg", values.String(""))
	}
	return result, err
}

// empty is the result of a command that did not run.
func empty() modules.Result {
	data := modules.Data("cmd", values.Null)
	addOutput(data, "", "")
	for _, name := range []string{"rc", "start", "end", "delta"} {
		data.Set(name, values.Null)
	}
	return modules.Result{Data: data}
}

// Nothing is the result where there is no command to run.
func Nothing() (modules.Result, error) {
	none := empty()
	none.Data.Set("rc", values.Int(256))
	return none, errors.New("no command given")
}

func addOutput(data *values.Map, stdout, stderr string) {
	data.Set("stdout", values.String(stdout))
	data.Set("stdout_lines", modules.Lines(stdout))
	data.Set("stderr", values.String(stderr))
	data.Set("stderr_lines", modules.Lines(stderr))
}

func timeText(t time.Time) string { return t.Format("2006-01-02 15:04:05.000000") }

// DeltaText prints a length of time as Python does: 0:00:01.500000.
func DeltaText(d time.Duration) string {
	d = d.Truncate(time.Microsecond)
	text := fmt.Sprintf("%d:%02d:%02d.%06d", d/time.Hour%24, d/time.Minute%60, d/time.Second%60, d/time.Microsecond%1000000)
	switch days := d / (24 * time.Hour); days {
	case 0:
		return text
	case 1:
		return "1 day, " + text
	default:
		return fmt.Sprintf("%d days, %s", days, text)
	}
}

func errno(err error) int64 {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 2
	case errors.Is(err, fs.ErrPermission):
		return 13
	}
	return 1
}

func pythonError(err error, name string) string {
	switch errno(err) {
	case 2:
		return fmt.Sprintf("[Errno 2] No such file or directory: b'%s'", name)
	case 13:
		return fmt.Sprintf("[Errno 13] Permission denied: b'%s'", name)
	}
	return err.Error()
}
