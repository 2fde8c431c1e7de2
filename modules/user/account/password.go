package account

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// shadow is what /etc/shadow says of a user.
type shadow struct {
	isNew               bool
	hash, min, max, end string
}

// readShadow reads the line of a user. A host without the file, and a user who may not
// read it, give an empty one: only what is asked for is then set.
func readShadow(sys modules.System, name string) (shadow, error) {
	content, err := modules.ReadFile(sys, "/etc/shadow", 64<<20)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return shadow{}, nil
	}
	if err != nil {
		return shadow{}, fmt.Errorf("read the password of %s: %w", name, err)
	}
	for line := range strings.Lines(string(content)) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		if len(parts) >= 8 && parts[0] == name {
			return shadow{hash: parts[1], min: parts[3], max: parts[4], end: parts[7]}, nil
		}
	}
	return shadow{}, nil
}

// expires tells whether the account ends on a date; "" is never.
func (s shadow) expires(date string) bool {
	days, err := strconv.Atoi(s.end)
	if err != nil || days < 0 {
		return date == ""
	}
	return time.Unix(int64(days)*86400, 0).UTC().Format(time.DateOnly) == date
}

func (s shadow) locked() bool { return strings.HasPrefix(s.hash, "!") }

// setPassword sets the hash, its age and its lock. The hash goes in on stdin.
func (w Wanted) setPassword(ctx context.Context, sys modules.System, now shadow) error {
	if hash, differs := w.newHash(now); differs {
		c := modules.Command{Argv: []string{"chpasswd", "-e"}, Stdin: []byte(w.Name + ":" + hash + "\n")}
		if _, err := modules.Exec(ctx, sys, c); err != nil {
			return err
		}
		now.hash = hash
	}
	if err := w.setLock(ctx, sys, now); err != nil {
		return err
	}
	return w.setAge(ctx, sys, now)
}

// newHash is what the second field of shadow shall be.
func (w Wanted) newHash(now shadow) (string, bool) {
	if w.Password == nil || w.KeepPassword && !now.isNew {
		return "", false
	}
	hash := strings.TrimLeft(*w.Password, "!")
	if !now.isNew && strings.TrimLeft(now.hash, "!") == hash {
		return "", false
	}
	if strings.HasPrefix(*w.Password, "!") || w.Locked != nil && *w.Locked {
		hash = "!" + hash
	}
	return hash, true
}

func (w Wanted) setLock(ctx context.Context, sys modules.System, now shadow) error {
	if w.Locked == nil || *w.Locked == now.locked() || now.isNew && w.Password == nil {
		return nil
	}
	flag := "-U"
	if *w.Locked {
		flag = "-L"
	}
	_, err := modules.Exec(ctx, sys, modules.Command{Argv: []string{"usermod", flag, w.Name}})
	return err
}

func (w Wanted) setAge(ctx context.Context, sys modules.System, now shadow) error {
	var argv []string
	if w.MaxDays != nil && strconv.Itoa(*w.MaxDays) != never(now.max) {
		argv = append(argv, "-M", strconv.Itoa(*w.MaxDays))
	}
	if w.MinDays != nil && strconv.Itoa(*w.MinDays) != never(now.min) {
		argv = append(argv, "-m", strconv.Itoa(*w.MinDays))
	}
	if argv == nil {
		return nil
	}
	_, err := modules.Exec(ctx, sys, modules.Command{Argv: append(append([]string{"chage"}, argv...), w.Name)})
	return err
}

// never is the number that chage takes for an empty field.
func never(days string) string {
	if days == "" {
		return "-1"
	}
	return days
}
