// A thin RAII wrapper of SQLite; nothing outside of this room sees SQLite.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace naestro::ledger {

class Statement;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using RawStatement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;
// By their words, which each has itself.
using IdleStatements = std::map<std::string_view, RawStatement>;

// One connection; for one thread at a time.
class Database {
 public:
  enum class Mode : std::uint8_t { read_only, read_write };
  // Opens the file (made with mode 0600 when it may be written and is not there).
  static Result<Database> open(const std::string& path, Mode mode);

  Result<void> run(const char* sql);  // one or more statements without parameters
  // Runs `work` within one BEGIN IMMEDIATE transaction: all that it wrote is committed, or, when it
  // or the COMMIT fails, nothing. An I/O error of the COMMIT ends the process.
  Result<void> transact(const std::function<Result<void>()>& work);
  // One that is not in use is kept for the next who asks for the same words.
  Result<Statement> prepare(std::string_view sql);
  // The error of the last call, sorted into full, busy, corrupt, read-only or plain. One of a sync
  // ends the process.
  [[nodiscard]] Error error(std::string_view doing) const;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
  std::shared_ptr<IdleStatements> idle_ = std::make_shared<IdleStatements>();
};

// A prepared statement. bind() counts parameters from 1, the readers count columns from 0. Text and
// bytes that are bound are not copied: they must stay until the last step().
class Statement {
 public:
  Statement(Statement&&) = default;
  Statement& operator=(Statement&&) = delete;
  ~Statement();
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, std::string_view text);
  Statement& bind(int at, ByteSpan blob);
  Statement& bind_null(int at);

  // True: a row is there; false: the statement is done.
  Result<bool> step();
  // step() of a statement that yields no rows; resets it for the next use.
  Result<void> execute();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  // The same where it lies, until the next step().
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] ByteSpan span(int column) const;
  [[nodiscard]] Bytes blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  Statement(std::shared_ptr<IdleStatements> idle, RawStatement raw)
      : idle_{std::move(idle)}, raw_{std::move(raw)} {}
  std::shared_ptr<IdleStatements> idle_;
  RawStatement raw_;
};

}  // namespace naestro::ledger
