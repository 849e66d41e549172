// Property tests: RapidCheck's macro needs gtest in front of it.
#pragma once

#include <gtest/gtest.h>
// (kept apart so that no formatter puts it first)
#include <rapidcheck/gtest.h>
