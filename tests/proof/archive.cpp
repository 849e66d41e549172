#include "proof/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <fstream>
#include <memory>
#include <vector>

namespace naestro::proof {
namespace {

namespace fs = std::filesystem;

Result<void> unpack(const fs::path& file, const std::string& beside,
                    std::map<std::string, std::string>& into) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader{archive_read_new(),
                                                                      archive_read_free};
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  const auto failed = [&] {
    const char* why = archive_error_string(reader.get());
    return fail(Code::kIo, file.string() + ": " + (why != nullptr ? why : "no archive"));
  };
  if (archive_read_open_filename(reader.get(), file.c_str(), 65536) != ARCHIVE_OK) return failed();
  archive_entry* entry = nullptr;
  for (;;) {
    const int got = archive_read_next_header(reader.get(), &entry);
    if (got == ARCHIVE_EOF) return {};
    if (got != ARCHIVE_OK) return failed();
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::string text(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    if (archive_read_data(reader.get(), text.data(), text.size()) !=
        static_cast<la_ssize_t>(text.size())) {
      return failed();
    }
    into[beside + archive_entry_pathname(entry)] = std::move(text);
  }
}

// One compressed file.
Result<std::string> inflate(const fs::path& file) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader{archive_read_new(),
                                                                      archive_read_free};
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), file.c_str(), 65536) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return fail(Code::kIo, file.string() + ": no gzip file");
  }
  std::string text;
  std::vector<char> piece(std::size_t{1} << 16);
  for (;;) {
    const la_ssize_t got = archive_read_data(reader.get(), piece.data(), piece.size());
    if (got < 0) return fail(Code::kIo, file.string() + ": a broken gzip file");
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::map<std::string, std::string>> files_of(const fs::path& folder) {
  std::map<std::string, std::string> out;
  std::error_code error;
  for (fs::recursive_directory_iterator at{folder, error}, end; at != end; at.increment(error)) {
    if (!at->is_regular_file()) continue;
    const std::string name = fs::relative(at->path(), folder).generic_string();
    if (name.ends_with(".tar.gz")) {
      const std::size_t slash = name.rfind('/');
      NAESTRO_TRY(
          unpack(at->path(), slash == std::string::npos ? "" : name.substr(0, slash + 1), out));
      continue;
    }
    if (name.ends_with(".gz")) {
      NAESTRO_LET(out[name.substr(0, name.size() - 3)], inflate(at->path()));
      continue;
    }
    std::ifstream file{at->path(), std::ios::binary};
    out[name] = {std::istreambuf_iterator<char>{file}, {}};
  }
  if (error) return fail(Code::kIo, folder.string() + ": " + error.message());
  return out;
}

}  // namespace naestro::proof
