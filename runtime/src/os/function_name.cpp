#include "os/function_name.hpp"

#include <dlfcn.h>

#include <bulkhead/errc.hpp>

#include "os/module_table.hpp"

namespace bulkhead::os {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw error(make_error_code(errc::start_failed), why);
}

std::string text_of(const control::function_name& name) {
  return (name.path.empty() ? "the program" : name.path) + " (build id " + name.build_id + ")";
}

// The module stays loaded: a function of it is about to run, or a child's of this process will.
void load(const control::function_name& name) {
  if (name.path.empty()) {
    refuse("the function to start belongs to another program than the keeper runs: " +
           text_of(name));
  }
  if (::dlopen(name.path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* why = ::dlerror();
    refuse("the function to start is in a library that cannot be loaded: " +
           std::string(why != nullptr ? why : name.path.c_str()));
  }
}

}  // namespace

control::function_name name_function(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  module m;
  if (!find_module_at(at, m)) {
    refuse(
        "the function to start is in no loaded module; start one of the program or of a library");
  }
  if (m.build_id.empty()) {
    refuse("the function to start is in " + m.path +
           ", which has no build id; link it with -Wl,--build-id");
  }
  return {m.build_id, m.path, at - m.base};
}

const void* find_function(const control::function_name& name) {
  if (name.build_id.empty() && name.path.empty()) return nullptr;
  if (name.build_id.empty()) refuse("the function to start is named without a build id");
  module m;
  if (!find_module_by_id(name.build_id, m)) {
    load(name);
    if (!find_module_by_id(name.build_id, m)) {
      refuse(name.path + " is no longer the library that the function to start is in; it was " +
             "replaced since the program loaded it");
    }
  }
  const std::uintptr_t at = m.base + name.offset;
  module holder;
  if (!find_module_at(at, holder) || holder.base != m.base || holder.build_id != m.build_id) {
    refuse("the function to start lies outside the code of " + text_of(name));
  }
  return reinterpret_cast<const void*>(at);
}

}  // namespace bulkhead::os
