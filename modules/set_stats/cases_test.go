package set_stats_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/set_stats"
)

func TestCases(t *testing.T) { moduletest.Run(t, set_stats.Spec) }
