package file

import (
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Times are the parameters about access and modification time.
type Times struct {
	Access             string `json:"access_time" help:"access time to set: now, preserve, or a time in access_time_format"`
	AccessFormat       string `json:"access_time_format" default:"%Y%m%d%H%M.%S" help:"how access_time is written"`
	Modification       string `json:"modification_time" help:"modification time to set: now, preserve, or a time in modification_time_format"`
	ModificationFormat string `json:"modification_time_format" default:"%Y%m%d%H%M.%S" help:"how modification_time is written"`
}

// setTimes sets the times that were asked for; unset stands for those that were not.
func (t *Times) setTimes(sys modules.System, name, unset string) error {
	if t.Access == "" && t.Modification == "" && unset == "preserve" {
		return nil
	}
	st, err := sys.Lstat(name)
	if err != nil {
		return err
	}
	now := sys.Now()
	access, err := pick(t.Access, unset, t.AccessFormat, st.AccessTime, now)
	if err != nil {
		return err
	}
	modification, err := pick(t.Modification, unset, t.ModificationFormat, st.ModTime, now)
	if err != nil {
		return err
	}
	return sys.SetTimes(name, access, modification)
}

func pick(text, unset, format string, before, now time.Time) (time.Time, error) {
	if text == "" {
		text = unset
	}
	switch text {
	case "preserve":
		return before, nil
	case "now":
		return now, nil
	}
	layout, err := layoutOf(format)
	if err != nil {
		return before, err
	}
	at, err := time.ParseInLocation(layout, text, time.Local)
	if err != nil {
		return before, modules.Fail("Error while obtaining timestamp for time %s using format %s: time data '%[1]s' does not match format '%[2]s'", text, format)
	}
	return at, nil
}

var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'z': "-0700", 'Z': "MST", 'j': "002", '%': "%",
}

// layoutOf turns strptime's directives into Go's.
func layoutOf(format string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		text, ok := directives[format[i]]
		if !ok {
			return "", fmt.Errorf("the time format %q has %%%c, which is not known; use %%Y %%m %%d %%H %%M %%S", format, format[i])
		}
		b.WriteString(text)
	}
	return b.String(), nil
}
