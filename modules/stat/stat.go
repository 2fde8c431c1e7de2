// Package stat tells what is known of a file.
package stat

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

// Spec describes the module.
var Spec = modules.Spec{
	Name: "stat", ReadOnly: true, New: func() modules.Module { return new(Module) },
	Refused: map[string]string{"get_md5": "use checksum_algorithm: md5"},
}

// Module holds the parameters.
type Module struct {
	Path          string `json:"path" type:"path" required:"true" aliases:"dest,name" help:"the file"`
	Follow        bool   `json:"follow" default:"no" help:"where path is a link, tell about what it points to"`
	GetChecksum   bool   `json:"get_checksum" default:"yes" help:"tell the checksum of a file that can be read"`
	Algorithm     string `json:"checksum_algorithm" aliases:"checksum,checksum_algo" default:"sha1" choices:"md5,sha1,sha224,sha256,sha384,sha512" help:"how the checksum is made"`
	GetMime       bool   `json:"get_mime" aliases:"mime,mime_type,mime-type" default:"yes" help:"tell the kind of content, where the host has the program file"`
	GetAttributes bool   `json:"get_attributes" aliases:"attr,attributes" default:"yes" help:"tell the flags that chattr sets"`
}

// Run reads what there is.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	look := sys.Lstat
	if m.Follow {
		look = sys.Stat
	}
	st, err := look(m.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return stat(modules.Data("exists", values.False)), nil
	}
	if err != nil {
		return modules.Result{}, err
	}
	data := Basics(m.Path, st)
	addRights(data, sys, st)
	if err := m.addContent(data, sys, st); err != nil {
		return modules.Result{}, err
	}
	if m.GetMime {
		addMime(ctx, data, sys, m.Path)
	}
	if m.GetAttributes {
		addFlags(data, sys, m.Path)
	}
	return stat(data), nil
}

func stat(data *values.Map) modules.Result {
	return modules.Result{Data: modules.Data("stat", values.FromMap(data))}
}

// Basics is what lstat or stat tells of a file, under Ansible's names.
func Basics(name string, st modules.Stat) *values.Map {
	data := modules.Data("exists", values.True, "path", values.String(name), "mode", values.String(modules.ModeText(st.Mode)))
	is := func(kind fs.FileMode) values.Value { return values.Bool(st.Mode.Type() == kind) }
	for key, value := range modules.Data(
		"isdir", is(fs.ModeDir), "ischr", is(fs.ModeDevice|fs.ModeCharDevice), "isblk", is(fs.ModeDevice),
		"isreg", is(0), "isfifo", is(fs.ModeNamedPipe), "islnk", is(fs.ModeSymlink), "issock", is(fs.ModeSocket),
		"uid", values.Int(int64(st.UID)), "gid", values.Int(int64(st.GID)), "size", values.Int(st.Size),
		"inode", values.Int(int64(st.Inode)), "dev", values.Int(int64(st.Dev)), "nlink", values.Int(int64(st.Links)),
		"atime", seconds(st.AccessTime), "mtime", seconds(st.ModTime), "ctime", seconds(st.ChangeTime),
		"blocks", values.Int(st.Blocks), "block_size", values.Int(st.BlockSize), "device_type", values.Int(int64(st.Rdev)),
	).All() {
		data.SetKey(key, value)
	}
	letters := "xwr"
	for i, who := range []string{"oth", "grp", "usr"} {
		for j := range letters {
			data.Set(string(letters[j])+who, values.Bool(st.Mode>>(3*i+j)&1 == 1))
		}
	}
	data.Set("isuid", values.Bool(st.Mode&fs.ModeSetuid != 0))
	data.Set("isgid", values.Bool(st.Mode&fs.ModeSetgid != 0))
	return data
}

func seconds(t time.Time) values.Value {
	return values.Float(float64(t.Unix()) + float64(t.Nanosecond())/1e9)
}

// addRights tells what the user that asks may do with the file.
func addRights(data *values.Map, sys modules.System, st modules.Stat) {
	self := sys.Self()
	addOwners(data, sys, st)
	if st.Mode&fs.ModeSymlink != 0 { // what counts is the file that it leads to
		target, err := sys.Stat(st.Path)
		if err != nil {
			for _, right := range []string{"readable", "writeable", "executable"} {
				data.Set(right, values.False)
			}
			return
		}
		st = target
	}
	shift := 0
	switch {
	case st.UID == self.UID:
		shift = 6
	case st.GID == self.GID || isMember(sys, self.Name, st.GID):
		shift = 3
	}
	may := func(bit int, always bool) values.Value {
		return values.Bool(always || int(st.Mode.Perm())>>shift&bit != 0)
	}
	root := self.UID == 0
	data.Set("readable", may(4, root))
	data.Set("writeable", may(2, root))
	data.Set("executable", may(1, root && (st.Mode.IsDir() || st.Mode&0o111 != 0)))
}

func addOwners(data *values.Map, sys modules.System, st modules.Stat) {
	if u, err := sys.User(fmt.Sprint(st.UID)); err == nil {
		data.Set("pw_name", values.String(u.Name))
	}
	if g, err := sys.Group(fmt.Sprint(st.GID)); err == nil {
		data.Set("gr_name", values.String(g.Name))
	}
}

func isMember(sys modules.System, name string, gid int) bool {
	g, err := sys.Group(fmt.Sprint(gid))
	if err != nil {
		return false
	}
	for _, member := range g.Members {
		if member == name {
			return true
		}
	}
	return false
}

// addContent tells where a link points, and the checksum of a file that can be read.
func (m *Module) addContent(data *values.Map, sys modules.System, st modules.Stat) error {
	if st.Mode&fs.ModeSymlink != 0 {
		source, err := modules.Resolve(sys, m.Path)
		if err != nil {
			source = path.Join(path.Dir(m.Path), st.Target)
		}
		data.Set("lnk_source", values.String(source))
		data.Set("lnk_target", values.String(st.Target))
	}
	if !m.GetChecksum || !st.Mode.IsRegular() {
		return nil
	}
	sum, err := modules.Checksum(sys, m.Path, m.Algorithm)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	data.Set("checksum", values.String(sum))
	return err
}

// addMime asks the program file.
func addMime(ctx context.Context, data *values.Map, sys modules.System, name string) {
	data.Set("mimetype", values.String("unknown"))
	data.Set("charset", values.String("unknown"))
	program, err := sys.LookPath("file")
	if err != nil {
		return
	}
	argv := []string{program, "--mime-type", "--mime-encoding", "-b", name}
	out, err := sys.Query(ctx, modules.Command{Argv: argv})
	mime, charset, ok := strings.Cut(strings.TrimSpace(out.Stdout), ";")
	if err != nil || out.RC != 0 || !ok {
		return
	}
	data.Set("mimetype", values.String(mime))
	data.Set("charset", values.String(strings.TrimPrefix(strings.TrimSpace(charset), "charset=")))
}
