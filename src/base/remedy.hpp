// What mends an error in general; the text of an Error itself may know something nearer.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace naestro {

// Its row of remedies.def; never empty.
std::string_view remedy(Code code);

}  // namespace naestro
