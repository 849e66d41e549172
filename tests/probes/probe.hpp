// One attempt each to break out of a sandbox. `naestro-probe N` makes attempt N from inside,
// against what the file targets.txt of the working folder names, and says whether it got through.
// The same binary runs without a sandbox, as the control: there the attempt has to get through.
#pragma once

#include <map>
#include <string>

namespace probes {

struct Outcome {
  bool through = false;
  std::string evidence;
};

// What the driver has laid out: "name value" in each line.
class Targets {
 public:
  static Targets read(const char* file);
  [[nodiscard]] std::string text(const std::string& name) const;
  [[nodiscard]] long number(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

struct Attempt {
  int id;
  Outcome (*make)(const Targets&);
};

// Ends with {0, nullptr}.
extern const Attempt kFileAttempts[];
extern const Attempt kProcessAttempts[];
extern const Attempt kNetAttempts[];

// Several ways to the same end: the first that works counts.
class Ways {
 public:
  // `result` as of a system call: negative is no.
  bool tried(const std::string& way, long result);
  void found(const std::string& way) { tried(way, 0); }
  void failed(const std::string& way, const std::string& why);
  [[nodiscard]] Outcome outcome() const;

 private:
  std::string through_;
  std::string blocked_;
};

// The file's beginning; "" where it cannot be read.
std::string content(const std::string& path);
bool write_to(const std::string& path, const std::string& text);

// A process of its own that waits for signals, for `naestro-probe victim`: prints its number and
// where its secret lies, and writes a file once SIGUSR1 comes.
int be_victim(const char* mark);

}  // namespace probes
