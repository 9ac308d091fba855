import type { ReactNode, SVGProps } from "react";

/** Sixteen-unit line icons, drawn in the text's colour. Always beside words, so hidden from readers. */
function Icon({ children, ...props }: SVGProps<SVGSVGElement> & { children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="14"
      height="14"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="shrink-0"
      {...props}
    >
      {children}
    </svg>
  );
}

export const RingIcon = () => (
  <Icon strokeDasharray="2.2 2.6">
    <circle cx="8" cy="8" r="5.5" />
  </Icon>
);
export const PulseIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.75" />
    <circle cx="8" cy="8" r="2.25" fill="currentColor" stroke="none" className="breathe" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="M3 8.5 6.5 12 13 4.5" />
  </Icon>
);
export const CrossIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const BoltIcon = () => (
  <Icon>
    <path d="M9 1.75 3.5 9H8l-1 5.25L12.5 7H8z" />
  </Icon>
);
export const SquareIcon = () => (
  <Icon>
    <rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor" stroke="none" />
  </Icon>
);
export const PauseIcon = () => (
  <Icon strokeWidth="2.25">
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);
export const PlayIcon = () => (
  <Icon>
    <path d="M5 3.25v9.5L12.75 8z" fill="currentColor" />
  </Icon>
);
export const ReturnIcon = () => (
  <Icon>
    <path d="M3 6.5h6.75a3.25 3.25 0 0 1 0 6.5H7M3 6.5l3-3M3 6.5l3 3" />
  </Icon>
);
export const BanIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.75" />
    <path d="m4.2 11.8 7.6-7.6" />
  </Icon>
);
export const StarIcon = () => (
  <Icon>
    <path
      d="m8 1.8 1.9 4 4.4.5-3.3 3 .9 4.3L8 11.5l-3.9 2.1.9-4.3-3.3-3 4.4-.5z"
      fill="currentColor"
      stroke="none"
    />
  </Icon>
);
export const CopyIcon = () => (
  <Icon strokeWidth="1.5">
    <rect x="5.5" y="5.5" width="8" height="8.5" rx="1.5" />
    <path d="M3.5 10.5h-.25A1.25 1.25 0 0 1 2 9.25v-6A1.25 1.25 0 0 1 3.25 2h5.5A1.25 1.25 0 0 1 10 3.25v.25" />
  </Icon>
);
export const HalfIcon = () => (
  <Icon strokeWidth="1.5">
    <circle cx="8" cy="8" r="5.75" />
    <path d="M8 2.25a5.75 5.75 0 0 1 0 11.5z" fill="currentColor" stroke="none" />
  </Icon>
);
export const ArrowUpIcon = () => (
  <Icon>
    <path d="M8 13V3.5M3.75 7.5 8 3.25l4.25 4.25" />
  </Icon>
);
export const ArrowDownIcon = () => (
  <Icon>
    <path d="M8 3v9.5M3.75 8.5 8 12.75l4.25-4.25" />
  </Icon>
);
export const ChevronIcon = () => (
  <Icon>
    <path d="m4 6.25 4 4 4-4" />
  </Icon>
);
export const InfoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.75" />
    <path d="M8 7.5v3.25M8 5.2v.05" />
  </Icon>
);
export const AlertIcon = () => (
  <Icon>
    <path d="M8 2.5 14 13H2zM8 6.75v2.75M8 11.3v.05" />
  </Icon>
);
export const PersonIcon = () => (
  <Icon strokeWidth="1.5">
    <circle cx="8" cy="5.25" r="2.75" />
    <path d="M2.75 13.75c.5-2.6 2.6-4 5.25-4s4.75 1.4 5.25 4" />
  </Icon>
);
export const KeyIcon = () => (
  <Icon strokeWidth="1.5">
    <circle cx="5.25" cy="10.75" r="3" />
    <path d="m7.5 8.5 6-6M11 5l2 2" />
  </Icon>
);
export const TeamIcon = () => (
  <Icon strokeWidth="1.5">
    <circle cx="5.75" cy="5.5" r="2.25" />
    <path d="M1.75 13c.4-2.3 2-3.5 4-3.5s3.6 1.2 4 3.5M10.25 3.5a2.25 2.25 0 0 1 0 4.2M11.5 9.7c1.5.4 2.5 1.5 2.75 3.3" />
  </Icon>
);
export const CodeIcon = () => (
  <Icon>
    <path d="M5.25 4.5 1.75 8l3.5 3.5M10.75 4.5 14.25 8l-3.5 3.5" />
  </Icon>
);
export const LeaveIcon = () => (
  <Icon strokeWidth="1.5">
    <path d="M6.5 2.5H3.75a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1H6.5M7 8h6.5m-2.75-3 3 3-3 3" />
  </Icon>
);
export const ExpandIcon = () => (
  <Icon strokeWidth="1.5">
    <path d="M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9" />
  </Icon>
);
export const DotsIcon = () => (
  <Icon strokeWidth="2.5">
    <path d="M3 8v.01M8 8v.01M13 8v.01" />
  </Icon>
);
export const DownloadIcon = () => (
  <Icon strokeWidth="1.5">
    <path d="M8 2.5v7.25m-3-3 3 3 3-3M2.75 11.5v1a1 1 0 0 0 1 1h8.5a1 1 0 0 0 1-1v-1" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3.25 3.25" />
  </Icon>
);
export const BellIcon = () => (
  <Icon strokeWidth="1.5">
    <path d="M4.25 7a3.75 3.75 0 0 1 7.5 0c0 3.250 1.500 4 1.500 4H2.750s1.500-.750 1.500-4M6.750 13.500h2.500" />
  </Icon>
);
export const EyeOffIcon = () => (
  <Icon strokeWidth="1.5">
    <path d="M6.2 4.1A6.6 6.6 0 0 1 8 3.75c3.2 0 5.3 2.4 6.25 4.25a9.300 9.300 0 0 1-1.500 2.100M4.100 5.200A9.300 9.300 0 0 0 1.750 8C2.700 9.850 4.800 12.250 8 12.250a6.300 6.300 0 0 0 3-.750M6.600 6.600a2 2 0 0 0 2.800 2.800M2.500 2.500l11 11" />
  </Icon>
);
export const ColumnsIcon = () => (
  <Icon strokeWidth="1.5">
    <path d="M2.5 3.500h11v9h-11zM6.200 3.500v9M9.800 3.500v9" />
  </Icon>
);
export const PinIcon = () => (
  <Icon strokeWidth="1.5">
    <path d="M5.500 2.500h5M6.250 2.500v4l-2 2.500h7.500l-2-2.500v-4M8 9v4.500" />
  </Icon>
);
export const FoldIcon = () => (
  <Icon>
    <path d="m6.250 4 4 4-4 4" />
  </Icon>
);
/** A besom: the broom that names us. */
export const BesomMark = () => (
  <svg viewBox="0 0 24 24" width="22" height="22" fill="none" aria-hidden="true" className="shrink-0">
    <path d="M20.5 3.5 12 12" stroke="var(--ink)" strokeWidth="2" strokeLinecap="round" />
    <path
      d="M13.2 9.6 14.4 10.8C12.9 14.6 9.4 19.2 3 21c.4-1.5.7-2.6 1-3.4M13.2 9.6C9.4 11.1 4.8 14.6 3 21m0 0c2.6-3.4 4.7-5.6 7-7.3M3 21c3.7-1.8 6.200-3.700 8.400-5.800"
      stroke="var(--best-mark)"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
);
