#include "os/keeper/reserve.hpp"

#include <link.h>

namespace bulkhead::os {
namespace {

std::uint64_t number_of(const void* function) noexcept {
  return reinterpret_cast<std::uintptr_t>(function);
}
const void* function_at(std::uint64_t number) noexcept {
  return reinterpret_cast<const void*>(static_cast<std::uintptr_t>(number));
}

}  // namespace

begin_note note_of(const child_context& context, std::vector<int>& descriptors) {
  begin_note note;
  note.serial = context.serial;
  note.entry = context.entry;
  note.incarnation = context.incarnation;
  note.name = context.name;
  note.has_pulse = static_cast<bool>(context.pulse);
  note.has_standby = static_cast<bool>(context.standby);
  note.patience_ns = context.patience_ns;
  note.prepare = number_of(context.prepare);
  note.function = number_of(context.function);
  note.target = number_of(context.target);
  note.fingerprint = context.fingerprint;
  note.arguments = context.arguments;
  note.setup = context.setup;
  if (context.pulse) descriptors.push_back(context.pulse.get());
  if (context.standby) descriptors.push_back(context.standby.get());
  for (const child_context::endpoint& e : context.endpoints) {
    note.endpoints.push_back({e.queue, e.name, e.seat, e.epoch, e.sent_before});
    for (const unique_fd* fd : {&e.segment, &e.bells[0], &e.bells[1]}) {
      descriptors.push_back(fd->get());
    }
  }
  for (const unique_fd& fd : context.streams_and_directory) descriptors.push_back(fd.get());
  return note;
}

std::optional<child_context> context_of(begin_note note, std::vector<unique_fd> descriptors) {
  const std::size_t fixed =
      (note.has_pulse ? 1 : 0) + (note.has_standby ? 1 : 0) + 3 * note.endpoints.size();
  if (descriptors.size() < fixed) return std::nullopt;
  auto next = descriptors.begin();
  child_context context;
  context.serial = note.serial;
  context.entry = note.entry;
  context.incarnation = note.incarnation;
  context.name = std::move(note.name);
  if (note.has_pulse) context.pulse = std::move(*next++);
  if (note.has_standby) context.standby = std::move(*next++);
  context.patience_ns = note.patience_ns;
  context.prepare = function_at(note.prepare);
  context.function = function_at(note.function);
  context.target = function_at(note.target);
  context.fingerprint = note.fingerprint;
  context.arguments = std::move(note.arguments);
  context.setup = std::move(note.setup);
  for (begin_note::endpoint& e : note.endpoints) {
    child_context::endpoint& to = context.endpoints.emplace_back();
    to.queue = e.queue;
    to.name = std::move(e.name);
    to.seat = e.seat;
    to.epoch = e.epoch;
    to.sent_before = e.sent_before;
    to.segment = std::move(*next++);
    for (unique_fd& bell : to.bells) bell = std::move(*next++);
  }
  for (; next != descriptors.end(); ++next) {
    context.streams_and_directory.push_back(std::move(*next));
  }
  return context;
}

std::uint64_t count_loaded_modules() noexcept {
  std::uint64_t count = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t /*bytes*/, void* to) {
        *static_cast<std::uint64_t*>(to) = info->dlpi_adds;
        return 1;
      },
      &count);
  return count;
}

}  // namespace bulkhead::os
