#include "os/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/system_failure.hpp"

namespace bulkhead::os {

unique_fd make_segment(const char* name, std::uint64_t bytes) {
  unique_fd segment(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!segment) throw_last_error("making a shared segment");
  if (::ftruncate(segment.get(), static_cast<off_t>(bytes)) != 0) {
    throw_last_error("sizing a shared segment");
  }
  if (::fcntl(segment.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    throw_last_error("sealing the size of a shared segment");
  }
  return segment;
}

std::error_code reserve_range(int segment, std::uint64_t offset, std::uint64_t bytes) noexcept {
  while (::fallocate(segment, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) != 0) {
    if (errno != EINTR) return last_error();
  }
  return {};
}

std::uint64_t sealed_bytes(int segment) noexcept {
  const int seals = ::fcntl(segment, F_GET_SEALS);
  constexpr int needed = F_SEAL_SHRINK | F_SEAL_GROW;
  struct stat status {};
  if (seals < 0 || (seals & needed) != needed || ::fstat(segment, &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

void read_beginning(int segment, std::span<std::byte> to) {
  ssize_t got = -1;
  do {
    got = ::pread(segment, to.data(), to.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw_last_error("reading a shared segment");
  if (static_cast<std::size_t>(got) != to.size()) {
    throw std::system_error(EIO, std::system_category(), "reading a shared segment");
  }
}

void seal_future_writes(int segment) {
  if (::fcntl(segment, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0) {
    throw_last_error("sealing a shared segment against writers");
  }
}

mapping::mapping(int segment, std::uint64_t offset, std::size_t bytes, access allowed) {
  const int protection = allowed == access::read ? PROT_READ : PROT_READ | PROT_WRITE;
  void* at = ::mmap(nullptr, bytes, protection, MAP_SHARED, segment, static_cast<off_t>(offset));
  if (at == MAP_FAILED) throw_last_error("mapping a shared segment");
  // A forked copy of a participant must not touch what its original is the owner of.
  static_cast<void>(::madvise(at, bytes, MADV_DONTFORK));
  data_ = static_cast<std::byte*>(at);
  bytes_ = bytes;
}

mapping& mapping::operator=(mapping&& other) noexcept {
  if (this != &other) {
    reset();
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

std::error_code mapping::populate(std::size_t offset, std::size_t bytes,
                                  access wanted) const noexcept {
  const int how = wanted == access::read ? MADV_POPULATE_READ : MADV_POPULATE_WRITE;
  while (::madvise(data_ + offset, bytes, how) != 0) {
    if (errno != EINTR && errno != EAGAIN) return last_error();
  }
  return {};
}

void mapping::reset() noexcept {
  if (data_ != nullptr) ::munmap(data_, bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

}  // namespace bulkhead::os
