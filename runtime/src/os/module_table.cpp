#include "os/module_table.hpp"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <bulkhead/detail/codec_base.hpp>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

namespace bulkhead::os {
namespace {

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char b : bytes) {
    text += digits[b >> 4];
    text += digits[b & 15];
  }
  return text;
}

std::span<const ElfW(Phdr)> headers_of(const dl_phdr_info& info) {
  return {info.dlpi_phdr, info.dlpi_phnum};
}

// The notes of a segment; a build id is "GNU", type 3.
std::string build_id_in(const unsigned char* at, std::size_t left) {
  constexpr auto padded = [](std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; };
  while (left >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    const std::size_t bytes = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    if (bytes > left) return {};
    const unsigned char* name = at + sizeof note;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
      return to_hex({name + 4, note.n_descsz});
    }
    at += bytes;
    left -= bytes;
  }
  return {};
}

// The keeper executes the very file that the host runs, so the shape of its segments is enough to
// tell that a name comes from the same program.
std::string program_checksum(const dl_phdr_info& info) {
  const auto headers = headers_of(info);
  const auto hash =
      detail::hash_of({reinterpret_cast<const char*>(headers.data()), headers.size_bytes()});
  unsigned char bytes[sizeof hash];
  std::memcpy(bytes, &hash, sizeof hash);
  return "exe-" + to_hex(bytes);
}

module describe(const dl_phdr_info& info, bool is_program) {
  module m;
  m.base = info.dlpi_addr;
  m.is_program = is_program;
  if (!is_program && info.dlpi_name != nullptr) m.path = info.dlpi_name;
  for (const auto& header : headers_of(info)) {
    if (header.p_type != PT_NOTE || !m.build_id.empty()) continue;
    m.build_id = build_id_in(
        reinterpret_cast<const unsigned char*>(info.dlpi_addr + header.p_vaddr), header.p_memsz);
  }
  if (m.build_id.empty() && is_program) m.build_id = program_checksum(info);
  return m;
}

bool has_code_at(const dl_phdr_info& info, std::uintptr_t address) {
  for (const auto& header : headers_of(info)) {
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    const std::uintptr_t start = info.dlpi_addr + header.p_vaddr;
    if (address >= start && address - start < header.p_memsz) return true;
  }
  return false;
}

// The vDSO has a build id too, but it is the kernel's: another boot, another place.
bool is_vdso(const dl_phdr_info& info) { return has_code_at(info, ::getauxval(AT_SYSINFO_EHDR)); }

using visitor = std::function<bool(const dl_phdr_info&, bool is_program)>;

// Calls `visit` for each module until it returns true. The first is always the program.
bool visit_modules(const visitor& visit) {
  struct progress {
    const visitor* visit;
    bool first = true;
  } state{&visit};
  return ::dl_iterate_phdr(
             [](dl_phdr_info* info, std::size_t, void* data) {
               auto& at = *static_cast<progress*>(data);
               const bool is_program = std::exchange(at.first, false);
               if (!is_program && is_vdso(*info)) return 0;
               return (*at.visit)(*info, is_program) ? 1 : 0;
             },
             &state) != 0;
}

}  // namespace

bool find_module_at(std::uintptr_t address, module& out) {
  return visit_modules([&](const dl_phdr_info& info, bool is_program) {
    if (!has_code_at(info, address)) return false;
    out = describe(info, is_program);
    return true;
  });
}

bool find_module_by_id(const std::string& build_id, module& out) {
  return visit_modules([&](const dl_phdr_info& info, bool is_program) {
    module m = describe(info, is_program);
    if (m.build_id != build_id) return false;
    out = std::move(m);
    return true;
  });
}

}  // namespace bulkhead::os
