import type { Metadata } from "next";
import { ask } from "@/app/_lib/ask";
import { ProfilePage } from "@/graphql/operations/accounts";
import { Day } from "@/ui/kit/clock";
import { Panel } from "@/ui/kit/panel";
import { PasswordForm } from "./_components/password-form";
import { ProfileForm } from "./_components/profile-form";

export const metadata: Metadata = { title: "Profile" };

export default async function Page() {
  const { viewer } = await ask(ProfilePage, {}, "/settings");
  if (!viewer) return null;
  return (
    <>
      <h1 className="sr-only">Profile</h1>
      <Panel
        id="profile"
        title={viewer.name}
        note={
          <>
            {viewer.admin ? "server administrator, " : ""}here since <Day at={viewer.createdAt} />
          </>
        }
        className="mb-10"
      >
        <ProfileForm displayName={viewer.displayName} email={viewer.email} />
      </Panel>
      <Panel id="password" title="Password" note={viewer.hasPassword ? undefined : "none yet"}>
        <PasswordForm hasPassword={viewer.hasPassword} name={viewer.name} />
      </Panel>
    </>
  );
}
