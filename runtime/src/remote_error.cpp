#include <unistd.h>
#include <boost/core/demangle.hpp>
#include <bulkhead/errc.hpp>
#include <bulkhead/remote_error.hpp>
#include <bulkhead/this_process.hpp>
#include <future>
#include <new>
#include <system_error>
#include <tuple>
#include <typeinfo>
#include <utility>

namespace bulkhead::detail {
namespace {

// The types that come back as themselves, each before its bases. A type's number is its place, from
// 1: it crosses processes, so new ones go to where their number is new.
template <class E>
E make(const std::string& what) {
  return E(what);
}
template <>
std::bad_alloc make<std::bad_alloc>(const std::string& /*what*/) {
  return {};
}

using by_text =
    std::tuple<std::out_of_range, std::invalid_argument, std::domain_error, std::length_error,
               std::logic_error, std::range_error, std::overflow_error, std::underflow_error,
               std::runtime_error, std::bad_alloc>;
constexpr std::uint8_t kind_of_system_error = 100;
constexpr std::uint8_t kind_of_error = 101;

template <std::size_t... N>
std::uint8_t kind_of(const std::exception& thrown, std::index_sequence<N...> /*places*/) {
  std::uint8_t kind = 0;
  static_cast<void>(((dynamic_cast<const std::tuple_element_t<N, by_text>*>(&thrown) != nullptr &&
                      (kind = N + 1, true)) ||
                     ...));
  return kind;
}

template <class E>
std::exception_ptr revived(E as, const thrown_record& r) {
  return std::make_exception_ptr(
      remote<E>(std::move(as), r.what, remote_origin(r.type, r.process, r.pid)));
}

template <std::size_t... N>
std::exception_ptr revive_by_text(const thrown_record& r, std::index_sequence<N...> /*places*/) {
  std::exception_ptr made;
  static_cast<void>(((r.kind == N + 1 &&
                      (made = revived(make<std::tuple_element_t<N, by_text>>(r.what), r), true)) ||
                     ...));
  return made;
}

// A category of this process by its name; that of another library is not known here.
const std::error_category* find_category(const std::string& name) {
  for (const std::error_category* known :
       {&std::generic_category(), &std::system_category(), &std::future_category(), &category()}) {
    if (name == known->name()) return known;
  }
  return nullptr;
}

void describe(thrown_record& r, const std::error_code& code, std::uint8_t kind) {
  r.category = code.category().name();
  r.value = code.value();
  if (find_category(r.category) != nullptr) r.kind = kind;
}

constexpr auto places = std::make_index_sequence<std::tuple_size_v<by_text>>();

}  // namespace

thrown_record record_exception() {
  thrown_record r;
  r.process = this_process::name();
  r.pid = ::getpid();
  try {
    throw;
  } catch (const std::exception& thrown) {
    r.type = boost::core::demangle(typeid(thrown).name());
    r.what = thrown.what();
    if (const auto* ours = dynamic_cast<const error*>(&thrown)) {
      describe(r, ours->code(), kind_of_error);
    } else if (const auto* system = dynamic_cast<const std::system_error*>(&thrown)) {
      describe(r, system->code(), kind_of_system_error);
    } else {
      r.kind = kind_of(thrown, places);
    }
  } catch (...) {
    r.type = "of a type that is no std::exception";
    r.what = r.type;
  }
  return r;
}

std::exception_ptr revive(const thrown_record& r) {
  if (r.kind == kind_of_system_error || r.kind == kind_of_error) {
    if (const std::error_category* known = find_category(r.category)) {
      const std::error_code code(r.value, *known);
      return r.kind == kind_of_error ? revived(error(code, r.what), r)
                                     : revived(std::system_error(code, r.what), r);
    }
  }
  if (auto made = revive_by_text(r, places)) return made;
  return revived(std::runtime_error(r.what), r);
}

}  // namespace bulkhead::detail
