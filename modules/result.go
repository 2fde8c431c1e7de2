package modules

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// Data makes the Data of a Result from names and values; see values.MapOf.
func Data(pairs ...any) *values.Map {
	m, _ := values.MapOf(pairs...).AsMap()
	return m
}

// AddFile puts what Ansible tells about a file (uid, gid, owner, group, mode, state,
// size) into data; nothing where there is no such file, or a link to nothing.
func AddFile(data *values.Map, sys System, name string) {
	st, err := sys.Lstat(name)
	if err != nil {
		return
	}
	if _, err := sys.Stat(name); err != nil {
		return
	}
	data.Set("uid", values.Int(int64(st.UID)))
	data.Set("gid", values.Int(int64(st.GID)))
	data.Set("owner", values.String(OwnerName(sys, st.UID)))
	data.Set("group", values.String(GroupName(sys, st.GID)))
	data.Set("mode", values.String(fmt.Sprintf("0%03o", toBits(st.Mode))))
	data.Set("state", values.String(FileState(st)))
	data.Set("size", values.Int(st.Size))
}

// OwnerName gives the name of a user, or the number where there is none.
func OwnerName(sys Accounts, uid int) string {
	u, err := sys.User(strconv.Itoa(uid))
	if err != nil {
		return strconv.Itoa(uid)
	}
	return u.Name
}

// GroupName gives the name of a group, or the number where there is none.
func GroupName(sys Accounts, gid int) string {
	g, err := sys.Group(strconv.Itoa(gid))
	if err != nil {
		return strconv.Itoa(gid)
	}
	return g.Name
}

// FileState is Ansible's word for a file: link, directory, hard or file.
func FileState(st Stat) string {
	switch {
	case st.Mode&fs.ModeSymlink != 0:
		return "link"
	case st.Mode.IsDir():
		return "directory"
	case st.Links > 1:
		return "hard"
	}
	return "file"
}

// Lines divides text as Python's splitlines does.
func Lines(text string) values.Value {
	lines := []values.Value{}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for text != "" {
		end := strings.IndexAny(text, "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029")
		if end < 0 {
			lines = append(lines, values.String(text))
			break
		}
		lines = append(lines, values.String(text[:end]))
		_, size := utf8.DecodeRuneInString(text[end:])
		text = text[end+size:]
	}
	return values.FromSlice(lines)
}
