package keyfile

import (
	"fmt"
	"io/fs"

	"github.com/gdeploy/gdeploy/modules"
)

// Trusted refuses a directory that an account has made a link to somebody else's.
func Trusted(sys modules.System, dir string) error {
	link, err := sys.Lstat(dir)
	if err != nil || link.Mode&fs.ModeSymlink == 0 || link.UID == 0 {
		return nil
	}
	if st, err := sys.Stat(dir); err == nil && st.UID != link.UID {
		return fmt.Errorf("%s is a link of %s to %s, which is not theirs: keys are not written there", dir, modules.OwnerName(sys, link.UID), link.Target)
	}
	return nil
}
