#include "base/remedy.hpp"

namespace naestro {

std::string_view remedy(Code code) {
  switch (code) {  // a code without a row, or with two, does not compile
#define X(name, text) \
  case Code::name: return text;
#include "base/remedies.def"
#undef X
  }
  return {};
}

}  // namespace naestro
